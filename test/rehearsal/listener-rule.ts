import type { Properties } from '../critical-path/template';

/** What a listener looks at before it passes a request on. */
export interface RuleCondition {
  readonly of: 'host' | 'path';
  /** Any of them will do. */
  readonly patterns: readonly RegExp[];
}

/** The conditions of a rule, as a template has them. */
export function conditionsOf(conditions: readonly Properties[], where: string): RuleCondition[] {
  return conditions.map(({ Field, Values, HostHeaderConfig, PathPatternConfig }) => {
    switch (Field) {
      case 'host-header':
        return {
          of: 'host',
          patterns: (Values ?? HostHeaderConfig.Values).map((value: string) => pattern(value, 'i')),
        };
      case 'path-pattern':
        return { of: 'path', patterns: (Values ?? PathPatternConfig.Values).map((value: string) => pattern(value)) };
      default:
        throw new Error(`${where}: conditions of the type ${Field} are not understood here.`);
    }
  });
}

/** Whether a listener passes a request on. @param url as the request line has it */
export function isPassedOn(conditions: readonly RuleCondition[], host: string, url: string): boolean {
  const [path] = url.split('?');
  return conditions.every(({ of, patterns }) => patterns.some((each) => each.test(of === 'host' ? host : path)));
}

/** `*` stands for any characters, `?` for one. */
function pattern(text: string, flags?: string): RegExp {
  const escaped = text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, flags);
}
