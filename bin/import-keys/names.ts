/** The two keys, and the variables that decide whether NocoBase looks at them. */
export const NAMES = [
  'APP_KEY',
  'APP_AES_SECRET_KEY',
  'APP_AES_SECRET_KEY_PATH',
  'UNSAFE_USE_DEFAULT_JWT_SECRET',
] as const;

/** Further keys, which this Secret does not hold. Their values are not looked at. */
export const OTHER_KEYS = [
  'ENCRYPTION_FIELD_KEY',
  'ENCRYPTION_FIELD_KEY_PATH',
  'APP_SUPERVISOR_AES_SECRET_KEY',
] as const;

export type Name = (typeof NAMES)[number];

const ANY = `(?<!\\w)(${[...NAMES, ...OTHER_KEYS].join('|')})(?!\\w)`;

export function isName(name: string): name is Name {
  return (NAMES as readonly string[]).includes(name);
}

/** Whether one of the names stands in a text; not as a part of another name. */
export function mentionsKey(text: string): boolean {
  return new RegExp(ANY).test(text);
}

/** The names that a text seems to give values to, in whatever language. */
export function assignedWithin(text: string): string[] {
  return [...text.matchAll(new RegExp(`${ANY}["'\\]]*\\s*[=:]`, 'g'))].map(([, name]) => name!);
}
