import type { Assembly } from '../assembly';
import { preflight } from '../preflight';
import type { Scenario } from '../scenario';

interface Mistake {
  readonly what: string;
  readonly variable: string;
  readonly value: string | undefined;
  /** Words of the sentence that is to be read. */
  readonly says: RegExp;
  /** Looked at only where the Secret is not one of the library's own. @default false */
  readonly ofGiven?: boolean;
}

const NOT_IN_A_URL = { value: 'p@ss/word', says: /cannot stand in a connection URL/, ofGiven: true };

/** What people get wrong. */
const MISTAKES: readonly Mistake[] = [
  { what: 'a malformed AES key', variable: 'APP_AES_SECRET_KEY', value: 'not hexadecimal', says: /64 hex/ },
  { what: 'an empty APP_KEY', variable: 'APP_KEY', value: '', says: /APP_KEY.*(empty|blank)/i },
  { what: 'a missing licence key', variable: 'licence key', value: undefined, says: /licen[cs]e.*does not exist/i },
  { what: 'a password of Redis that no URL can carry', variable: 'password of Redis', ...NOT_IN_A_URL },
  { what: 'a password of RabbitMQ that no URL can carry', variable: 'password of RabbitMQ', ...NOT_IN_A_URL },
];

export const wrongSecrets: Scenario = {
  number: 7,
  title: 'keys that are wrong',
  async run({ cluster, say, expect }) {
    const { assembly } = cluster;
    say('Looking at the keys as they are …');
    const refused = await preflight(assembly);
    expect('the preflight check passes the generated keys', refused ?? 'passed', refused === undefined);
    for (const { what, variable, value, says, ofGiven } of MISTAKES) {
      if (ofGiven && checkOf(assembly, variable) === undefined) continue;
      say(`Looking at ${what} …`);
      const sentence = await preflight(withValue(assembly, variable, value));
      expect(`${what} is refused with its sentence`, sentence ?? 'passed', says.test(sentence ?? ''));
    }
    expect(
      'before a node starts: the nodes wait for the check',
      assembly.waitsFor('AWS::ECS::Service', 'Custom::NocoBasePreflight')
        ? 'the service depends on it'
        : 'no dependency',
      assembly.waitsFor('AWS::ECS::Service', 'Custom::NocoBasePreflight'),
    );
  },
};

function withValue(assembly: Assembly, variable: string, value: string | undefined): Assembly {
  const check = checkOf(assembly, variable);
  if (check === undefined) throw new Error(`The preflight check does not look at ${variable}.`);
  return assembly.withSecret(check.SecretArn, check.JsonField, value);
}

function checkOf(assembly: Assembly, variable: string) {
  const { Checks } = assembly.only('Custom::NocoBasePreflight');
  return Checks.find(({ Variable }: any) => Variable === variable);
}
