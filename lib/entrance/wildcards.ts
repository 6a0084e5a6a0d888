/**
 * Whether a pattern of a listener rule fits a text: `*` stands for any
 * characters, `?` for one, the rest for itself. Of another pattern it says that
 * what fits that one fits this one too.
 */
export function fits(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '[^*]')}$`).test(text);
}
