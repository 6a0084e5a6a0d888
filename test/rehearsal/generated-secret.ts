import { randomInt } from 'node:crypto';

/** `GenerateSecretString` of a template. */
export interface GenerateSecretString {
  readonly PasswordLength?: number;
  readonly ExcludeCharacters?: string;
  readonly ExcludeLowercase?: boolean;
  readonly ExcludeUppercase?: boolean;
  readonly ExcludeNumbers?: boolean;
  readonly ExcludePunctuation?: boolean;
  readonly IncludeSpace?: boolean;
  readonly RequireEachIncludedType?: boolean;
  readonly SecretStringTemplate?: string;
  readonly GenerateStringKey?: string;
}

const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** The value that Secrets Manager would make by these rules. */
export function generateSecret(rules: GenerateSecretString): string {
  const password = generatePassword(rules);
  if (rules.GenerateStringKey === undefined) return password;
  return JSON.stringify({ ...JSON.parse(rules.SecretStringTemplate!), [rules.GenerateStringKey]: password });
}

function generatePassword(rules: GenerateSecretString): string {
  const types = [
    rules.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    rules.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    rules.ExcludeNumbers ? '' : '0123456789',
    rules.ExcludePunctuation ? '' : PUNCTUATION,
    rules.IncludeSpace ? ' ' : '',
  ]
    .map((type) => [...type].filter((character) => !rules.ExcludeCharacters?.includes(character)))
    .filter((type) => type.length > 0);
  const any = types.flat();
  const required = rules.RequireEachIncludedType === false ? [] : types.map(pick);
  const length = rules.PasswordLength ?? 32;
  return shuffle([...required, ...Array.from({ length: length - required.length }, () => pick(any))]).join('');
}

function pick<T>(from: readonly T[]): T {
  return from[randomInt(from.length)];
}

function shuffle<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}
