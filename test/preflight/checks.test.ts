import * as fc from 'fast-check';
import { refusal } from '../../lib/preflight/lambda/checks';
import { reasonFor } from '../../lib/preflight/lambda/reason';
import type { CheckRequest } from '../../lib/preflight/request';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/nocobase-a1b2c3';
const RULES: CheckRequest['Rule'][] = ['notBlank', 'aes256Hex', 'rootPassword', 'urlSafe'];

function check(Rule: CheckRequest['Rule'], JsonField?: string): CheckRequest {
  return { Variable: 'VARIABLE', Rule, SecretArn: ARN, Prop: 'keys', JsonField };
}

const hexDigit = fc.constantFrom(...'0123456789abcdefABCDEF');
const aesKey = fc.string({ unit: hexDigit, minLength: 64, maxLength: 64 });

describe('APP_AES_SECRET_KEY', () => {
  test('is taken when it is 64 hexadecimal characters', () => {
    fc.assert(fc.property(aesKey, (text) => refusal(check('aes256Hex'), { text }) === undefined));
  });

  test('is refused at any other length', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: hexDigit, maxLength: 200 }).filter((text) => text.length !== 64),
        (text) => refusal(check('aes256Hex'), { text }) !== undefined,
      ),
    );
  });

  test('is refused when one of its characters is no hexadecimal digit', () => {
    fc.assert(
      fc.property(
        aesKey,
        fc.nat(63),
        fc.string({ minLength: 1, maxLength: 1 }).filter((character) => !/[0-9a-f]/i.test(character)),
        (key, at, character) =>
          refusal(check('aes256Hex'), { text: key.slice(0, at) + character + key.slice(at + 1) }) !== undefined,
      ),
    );
  });

  test.each([
    ['a key with its line break', `${'ab'.repeat(32)}\n`, 'has 65 characters, among them line breaks;'],
    ['a quoted key', `"${'ab'.repeat(32)}"`, 'has 66 characters, among them quotes or braces;'],
    ['a key of 16 bytes', 'ab'.repeat(16), 'has 32 characters; it must be exactly 64'],
    ['a single character', 'a', 'has 1 character;'],
    ['nothing', '', 'is empty.'],
  ])('tells what is wrong with %s', (_, text, sentence) => {
    expect(refusal(check('aes256Hex'), { text })).toContain(`Secret prod/nocobase-a1b2c3 ${sentence}`);
  });

  test('is never to be replaced under data', () => {
    expect(refusal(check('aes256Hex'), { text: 'x' })).toContain('put back the original key and no other');
  });
});

describe('the password of the first administrator', () => {
  test.each(['admin123', ' admin123\n'])('must not be the one that everybody knows (%j)', (text) => {
    const sentence = refusal(check('rootPassword'), { text });
    expect(sentence).toContain('is the default password, which everybody knows');
    expect(sentence).not.toContain('admin123');
  });

  test('is taken when it is another', () => {
    expect(refusal(check('rootPassword'), { text: 'admin1234' })).toBeUndefined();
  });
});

describe('what becomes part of a URL', () => {
  test.each([
    ['letters and digits', 'Tr0ub4dor'],
    ['what RFC 3986 leaves as it is', "a-b._~!$&'()*+,;="],
    ['what is encoded already', 'p%40ss%2Fword'],
  ])('may consist of %s', (_, text) => {
    expect(refusal(check('urlSafe'), { text })).toBeUndefined();
  });

  test('arrives as it is: the whole URL can be read again', () => {
    const octet = fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`);
    const part = fc
      .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(..."AZaz09._~!$&'()*+,;=-") }, octet), {
        minLength: 1,
        maxLength: 20,
      })
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(part, part, (user, password) => {
        fc.pre([user, password].every((text) => refusal(check('urlSafe'), { text }) === undefined));
        const url = new URL(`rediss://${user}:${password}@redis.internal:6379/3`);
        expect([url.hostname, url.port, url.pathname]).toEqual(['redis.internal', '6379', '/3']);
        expect([url.username, url.password].map(decodeURIComponent)).toEqual([user, password].map(decodeURIComponent));
      }),
      { seed: 2026 },
    );
  });

  test.each(['p@ss', 'a/b', 'a:b', 'a?b', 'a#b', 'a b', '100%', '%ff', 'a"b', 'ä', 'a\\b', 'a\nb'])(
    'must not be %j',
    (text) => {
      expect(refusal(check('urlSafe', 'password'), { text: JSON.stringify({ password: text }) })).toBe(
        "VARIABLE (prop 'keys'): field 'password' of Secret prod/nocobase-a1b2c3 has characters that cannot stand in a connection URL as they are. " +
          'Use one of letters and digits, or give the nodes a Secret of their own in which it is percent-encoded (@ as %40), then deploy again.',
      );
    },
  );

  test('is told to be put where it is missing', () => {
    const sentence = refusal(check('urlSafe', 'password'), { text: '{}' });
    expect(sentence).toContain('is missing from its JSON object. Put that field into the JSON object');
  });
});

test('a blank value is refused by every rule', () => {
  const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\u00a0') });
  fc.assert(
    fc.property(fc.constantFrom(...RULES), blank, (rule, text) => refusal(check(rule), { text }) !== undefined),
  );
});

describe('a field of a JSON object', () => {
  test.each([
    ['the Secret is not JSON', 'hunter2', 'cannot be found: the value of the Secret is not JSON'],
    ['the JSON is a string', '"hunter2"', 'cannot be found: the value of the Secret is JSON, but not an object'],
    ['the JSON is a list', '["hunter2"]', 'cannot be found: the value of the Secret is JSON, but not an object'],
    ['the JSON is null', 'null', 'cannot be found: the value of the Secret is JSON, but not an object'],
    ['another field is there', '{"other":"hunter2"}', 'is missing from its JSON object'],
    ['only its prototype has it', '{}', 'is missing from its JSON object', 'toString'],
    ['it is a number', '{"key":12345678}', 'is not a string'],
    ['it is blank', '{"key":" "}', 'is nothing but white space'],
  ])('is refused when %s', (_, text, problem, field = 'key') => {
    const sentence = refusal(check('notBlank', field), { text });
    expect(sentence).toContain(`VARIABLE (prop 'keys'): field '${field}' of Secret prod/nocobase-a1b2c3 ${problem}.`);
    expect(sentence).not.toMatch(/hunter2|12345678/);
  });

  test('is taken when it is as the rule wants it', () => {
    expect(refusal(check('notBlank', 'key'), { text: '{"key":"k"}' })).toBeUndefined();
  });
});

test('no refusal quotes any of a value', () => {
  // Marked by a character that no sentence has.
  const value = fc.string({ unit: fc.constantFrom('§', 'a', '0', '"', '{', '}', ' ', '\n'), maxLength: 80 });
  const text = fc.oneof(
    value,
    value.map((key) => JSON.stringify({ key })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...RULES), fc.constantFrom(undefined, 'key'), text, (rule, field, given) => {
      expect(refusal(check(rule, field), { text: given }) ?? '').not.toContain('§');
    }),
  );
});

describe('the reason', () => {
  test('fits into what CloudFormation takes, whatever the sentences are', () => {
    const sentences = fc.array(fc.string({ unit: 'grapheme', maxLength: 2000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sentences, (refusals) => {
        expect(Buffer.byteLength(JSON.stringify(reasonFor(refusals, refusals.length)))).toBeLessThanOrEqual(3000);
      }),
    );
  });

  test('holds the sentences of all four checks with long names', () => {
    const long = `arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:${'n'.repeat(100)}-a1b2c3`;
    const refusals = ['APP_KEY', 'APP_AES_SECRET_KEY', 'INIT_ROOT_PASSWORD', 'licence key'].map(
      (Variable) => refusal({ Variable, Rule: 'aes256Hex', SecretArn: long, Prop: 'keys' }, { text: 'é\n ' })!,
    );
    expect(reasonFor(refusals, 4)).toContain('(4) licence key');
  });

  test('counts what it has no room for', () => {
    const reason = reasonFor(['a'.repeat(1500), 'b'.repeat(1500), 'c'.repeat(1500)], 3);
    expect(reason).toContain('a'.repeat(1500));
    expect(reason).toMatch(/ 2 more: see the log of the preflight function\.$/);
  });
});
