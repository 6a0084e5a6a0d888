import type { Assembly } from '../assembly';
import { preflight } from '../preflight';
import type { Scenario } from '../scenario';

/** What people get wrong, and words of the sentence that they are to read. */
const MISTAKES: readonly { what: string; variable: string; value: string | undefined; says: RegExp }[] = [
  { what: 'a malformed AES key', variable: 'APP_AES_SECRET_KEY', value: 'not hexadecimal', says: /64 hex/ },
  { what: 'an empty APP_KEY', variable: 'APP_KEY', value: '', says: /APP_KEY.*(empty|blank)/i },
  { what: 'a missing licence key', variable: 'licence key', value: undefined, says: /licen[cs]e.*does not exist/i },
];

export const wrongSecrets: Scenario = {
  number: 7,
  title: 'keys that are wrong',
  async run({ cluster, say, expect }) {
    const { assembly } = cluster;
    say('Looking at the keys as they are …');
    const refused = await preflight(assembly);
    expect('the preflight check passes the generated keys', refused ?? 'passed', refused === undefined);
    for (const { what, variable, value, says } of MISTAKES) {
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
  const { Checks } = assembly.only('Custom::NocoBasePreflight');
  const check = Checks.find(({ Variable }: any) => Variable === variable);
  if (check === undefined) throw new Error(`The preflight check does not look at ${variable}.`);
  return assembly.withSecret(check.SecretArn, check.JsonField, value);
}
