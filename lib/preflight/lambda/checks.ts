import type { CheckRequest } from '../request';

/** What reading a Secret came to. */
export type Reading =
  | { readonly text: string }
  /** A clause that follows the Secret's name, and what to do about it when that is not to give it a value. */
  | { readonly problem: string; readonly remedy?: string };

/** What is wrong with a value (a clause), or undefined. It may be logged: it never holds any of the value. */
type Verdict = string | undefined;

const KNOWN_ROOT_PASSWORD = 'admin123';

const RULES: Record<CheckRequest['Rule'], (value: string) => Verdict> = {
  notBlank: blank,
  aes256Hex: (value) => blank(value) ?? notAes256Hex(value),
  rootPassword: (value) =>
    blank(value) ??
    (value.trim() === KNOWN_ROOT_PASSWORD ? 'is the default password, which everybody knows' : undefined),
};

/** The sentences for a check that fails, or undefined. They never hold any of the value. */
export function refusal(check: CheckRequest, reading: Reading): string | undefined {
  const value = 'text' in reading ? fieldOf(check, reading.text) : reading;
  const problem = 'text' in value ? RULES[check.Rule](value.text) : value.problem;
  if (problem === undefined) return undefined;
  const field = check.JsonField === undefined ? '' : `field '${check.JsonField}' of `;
  const remedy = ('problem' in value && value.remedy) || `${remedyFor(check)} ${caution(check)}`.trim();
  return `${check.Variable} (prop '${check.Prop}'): ${field}Secret ${nameOf(check.SecretArn)} ${problem}. ${remedy}`;
}

function fieldOf(check: CheckRequest, text: string): Reading {
  if (check.JsonField === undefined) return { text };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the text.
    return { problem: 'cannot be found: the value of the Secret is not JSON' };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { problem: 'cannot be found: the value of the Secret is JSON, but not an object' };
  }
  if (!Object.hasOwn(parsed, check.JsonField)) {
    return { problem: 'is missing from its JSON object' };
  }
  const value = (parsed as Record<string, unknown>)[check.JsonField];
  return typeof value === 'string' ? { text: value } : { problem: 'is not a string' };
}

function blank(value: string): Verdict {
  if (value === '') return 'is empty';
  return value.trim() === '' ? 'is nothing but white space' : undefined;
}

function notAes256Hex(value: string): Verdict {
  if (/^[0-9a-f]{64}$/i.test(value)) return undefined;
  const others = value.replace(/[0-9a-f]/gi, '');
  const kinds = [
    /[\r\n]/.test(others) ? 'line breaks' : '',
    /[^\S\r\n]/.test(others) ? 'spaces' : '',
    /["'{}]/.test(others) ? 'quotes or braces' : '',
    /[^\s"'{}]/.test(others) ? 'characters other than 0-9 and a-f' : '',
  ].filter((kind) => kind !== '');
  const length = `has ${value.length} character${value.length === 1 ? '' : 's'}`;
  const what = kinds.length === 0 ? length : `${length}, among them ${kinds.join(' and ')}`;
  return `${what}; it must be exactly 64 hexadecimal characters`;
}

function remedyFor(check: CheckRequest): string {
  if (check.JsonField !== undefined) {
    return `Put that field into the JSON object (aws secretsmanager put-secret-value --secret-id ${check.SecretArn} --secret-string file://value.json; it replaces the whole object), then deploy again.`;
  }
  const value = check.Rule === 'aes256Hex' ? '"$(openssl rand -hex 32)"' : 'file://value.txt';
  return `Give it a value (aws secretsmanager put-secret-value --secret-id ${check.SecretArn} --secret-string ${value}), then deploy again.`;
}

function caution(check: CheckRequest): string {
  if (check.Rule !== 'aes256Hex') return '';
  return 'If the database already has data, put back the original key and no other: with a new one its encrypted fields are lost.';
}

/** `…:secret:prod/key-AbCdEf` → `prod/key-AbCdEf`. Whether the end was appended by AWS cannot be told. */
function nameOf(arn: string): string {
  return arn.split(':').slice(6).join(':') || arn;
}
