import type { CheckRequest } from '../request';

/** A clause that follows the name of what was read, and what to do about it when that is not to give it a value. */
export interface Problem {
  readonly problem: string;
  readonly remedy?: string;
}

/** What reading came to. */
export type Reading = { readonly text: string } | Problem;

/** What is wrong with a value, or undefined. It may be logged: it never holds any of the value. */
type Verdict = Problem | undefined;

const KNOWN_ROOT_PASSWORD = 'admin123';
/** What RFC 3986 allows for user and password, encoded octets included. */
const URL_SAFE = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;

const RULES: Record<CheckRequest['Rule'], (value: string) => Verdict> = {
  notBlank: blank,
  aes256Hex: (value) => blank(value) ?? notAes256Hex(value),
  rootPassword: (value) =>
    blank(value) ??
    (value.trim() === KNOWN_ROOT_PASSWORD ? { problem: 'is the default password, which everybody knows' } : undefined),
  urlSafe: (value) => blank(value) ?? notUrlSafe(value),
};

/** The sentences for a check that fails, or undefined. They never hold any of the value. */
export function refusal(check: CheckRequest, reading: Reading): string | undefined {
  const value = 'text' in reading ? fieldOf(check, reading.text) : reading;
  const verdict = 'text' in value ? RULES[check.Rule](value.text) : value;
  if (verdict === undefined) return undefined;
  const field = check.JsonField === undefined ? '' : `field '${check.JsonField}' of `;
  const remedy = verdict.remedy ?? `${remedyFor(check)} ${caution(check)}`.trim();
  const store = isParameter(check.SecretArn) ? 'parameter' : 'Secret';
  return `${check.Variable} (prop '${check.Prop}'): ${field}${store} ${nameOf(check)} ${verdict.problem}. ${remedy}`;
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
  if (value === '') return { problem: 'is empty' };
  return value.trim() === '' ? { problem: 'is nothing but white space' } : undefined;
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
  return { problem: `${what}; it must be exactly 64 hexadecimal characters` };
}

function notUrlSafe(value: string): Verdict {
  if (URL_SAFE.test(value) && isDecodable(value)) return undefined;
  return {
    problem: 'has characters that cannot stand in a connection URL as they are',
    remedy:
      'Use one of letters and digits, or give the nodes a Secret of their own in which it is percent-encoded (@ as %40), then deploy again.',
  };
}

/** Clients of Redis and RabbitMQ decode what they find in a URL, and fail where octets are no UTF-8. */
function isDecodable(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}

function remedyFor(check: CheckRequest): string {
  const { JsonField, SecretArn } = check;
  if (JsonField !== undefined) {
    return `Put that field into the JSON object (aws secretsmanager put-secret-value --secret-id ${SecretArn} --secret-string file://value.json; it replaces the whole object), then deploy again.`;
  }
  const value = check.Rule === 'aes256Hex' ? '"$(openssl rand -hex 32)"' : 'file://value.txt';
  if (isParameter(SecretArn)) {
    // By its name: for writing, an ARN is not taken.
    return `Give it a value (aws ssm put-parameter --name ${nameOf(check)} --type SecureString --overwrite --value ${value}), then deploy again.`;
  }
  return `Give it a value (aws secretsmanager put-secret-value --secret-id ${SecretArn} --secret-string ${value}), then deploy again.`;
}

function caution(check: CheckRequest): string {
  if (check.Rule !== 'aes256Hex') return '';
  return 'If the database already has data, put back the original key and no other: with a new one its encrypted fields are lost.';
}

/** Of Parameter Store, and not of Secrets Manager. */
export function isParameter(arn: string): boolean {
  return arn.split(':')[2] === 'ssm';
}

/** `…:secret:prod/key-AbCdEf` → `prod/key-AbCdEf`. Whether the end was appended by AWS cannot be told. */
function nameOf({ ParameterName, SecretArn }: CheckRequest): string {
  return ParameterName ?? (SecretArn.split(':').slice(6).join(':') || SecretArn);
}
