import type { z } from 'zod';
import { KEYS, KNOWN_KEYS_SEPARATOR } from './schema';
import { mostSimilar } from './similar';

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** Where it is, as the reader finds it: `nocobase.web.maxNodes in cdk.json`, `-c license`. */
  readonly where: string;
  /** What is there. `undefined` for nothing. */
  readonly given: unknown;
  /** What may be there instead. */
  readonly allowed: string;
  /** What is wrong, where `given` and `allowed` alone do not say it. */
  readonly why?: string;
}

/** All that is wrong with the configuration, so that nobody has to mend it one run at a time. */
export class ConfigurationError extends Error {
  constructor(public readonly problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super([`The configuration of NocoBase has ${count}:`, ...problems.map(paragraph)].join('\n\n'));
    this.name = 'ConfigurationError';
  }
}

function paragraph({ where, given, allowed, why }: Problem): string {
  return [
    `  ${where}${why === undefined ? '' : `: ${why}`}`,
    `    given:   ${given === undefined ? 'nothing' : shortened(JSON.stringify(given))}`,
    `    allowed: ${allowed}`,
  ].join('\n');
}

/** Long enough to recognise; not the whole of a licence key that was pasted where its name belongs. */
function shortened(value: string): string {
  return value.length > 60 ? `${value.slice(0, 24)}… (${value.length} characters)` : value;
}

/** What the schema found, told by where the reader wrote it. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  block: unknown,
  where: (path: readonly PropertyKey[]) => string,
): Problem[] {
  const problems = issues.flatMap((issue): Problem[] => {
    if (issue.code !== 'unrecognized_keys') {
      const given = valueAt(block, issue.path);
      return [{ where: where(issue.path), given, allowed: issue.message }];
    }
    const known = issue.message.split(KNOWN_KEYS_SEPARATOR).map((key) => [...issue.path, key].join('.'));
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      // Close to one of the same group, or right and in the wrong place.
      const meant = mostSimilar(path.join('.'), known) ?? keyEndingIn(key);
      return {
        where: where(path),
        given: valueAt(block, path),
        allowed: `the keys ${issue.message}`,
        why: meant === path.join('.') ? 'it belongs to another type' : unknownKey(meant && `nocobase.${meant}`),
      };
    });
  });
  // A value can be wrong in several ways at once; to its writer that is one problem.
  return problems.filter((problem, index) => problems.findIndex(({ where }) => where === problem.where) === index);
}

export function unknownKey(meant: string | undefined): string {
  return meant === undefined ? 'there is no such key' : `there is no such key. Did you mean ${meant}?`;
}

/** The key whose last word is the one given. */
export function keyEndingIn(word: string): string | undefined {
  return KEYS.find((key) => key === word || key.endsWith(`.${word}`));
}

/** What is at a path of the block. */
export function valueAt(block: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], block);
}
