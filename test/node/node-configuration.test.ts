import { CfnParameter, Fn, Lazy, SecretValue, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, Database, DatabaseCa, NocoBaseCluster, StoredSecret } from '../../lib';
import { NodeConfiguration } from '../../lib/node/node-configuration';
import { environment, newCluster, only, secrets, synthesize } from '../cluster-fixture';
import { named, newPlace } from '../part-fixture';

const aSecret = () =>
  StoredSecret.inSecretsManager(
    new secretsmanager.Secret(new Stack(), 'S', { secretStringValue: SecretValue.ssmSecure('/x') }),
  );

test('what the user adds reaches all nodes', () => {
  const { template } = synthesize({ environment: { INIT_APP_LANG: 'de-DE', TZ: 'Europe/Berlin', DB_POOL_MAX: '20' } });
  expect(environment(template)).toMatchObject({ INIT_APP_LANG: 'de-DE', TZ: 'Europe/Berlin', DB_POOL_MAX: '20' });
});

test('time zone and logging have defaults', () => {
  expect(environment(synthesize().template)).toMatchObject({ TZ: 'UTC', LOGGER_TRANSPORT: 'console' });
});

test('the order in which things are said does not move the template', () => {
  const one = synthesize({ environment: { A: '1', B: '2' } }).template.toJSON();
  const other = synthesize({ environment: { B: '2', A: '1' } }).template.toJSON();
  expect(JSON.stringify(other)).toBe(JSON.stringify(one));
});

test.each([
  ['DB_HOST', 'database'],
  ['DB_SCHEMA', 'database'],
  ['DB_DIALECT_OPTIONS_SSL_REJECT_UNAUTHORIZED', 'database'],
  ['REDIS_URL', 'redis'],
  ['CACHE_DEFAULT_STORE', 'redis'],
  ['QUEUE_ADAPTER', 'queue'],
  ['APP_KEY', 'keys'],
  ['APP_AES_SECRET_KEY', 'keys'],
  ['APP_AES_SECRET_KEY_PATH', 'keys'],
  ['INIT_ROOT_PASSWORD', 'keys'],
  ['INIT_ROOT_EMAIL', 'rootEmail'],
  ['APP_PUBLIC_PATH', 'publicPath'],
  ['API_BASE_PATH', 'publicPath'],
  ['CLUSTER_MODE', 'web.processes'],
  ['LAUNCHER_UPGRADE_TIMEOUT', 'upgradeTimeout'],
  ['LAUNCHER_UPGRADE_TRIES', 'upgradeTries'],
  ['LAUNCHER_ON_MIGRATED_DATABASE', 'allowOnMigratedDatabase'],
  ['LAUNCHER_CHANGED_KEYS', 'allowChangedKeys'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', 'database'],
  ['HOME', 'image'],
  ['ECS_CONTAINER_METADATA_URI_V4', 'image'],
  ['LAUNCHER_NODES', 'plugins'],
  ['LAUNCHER_DATABASE_CA', 'database'],
])('%s is refused with the prop that decides it', (name, prop) => {
  const message = `\`environment.${name}\` is decided by the library, so that all parts of the cluster agree on it. Use the prop \`${prop}\` instead.`;
  expect(() => newCluster({ environment: { [name]: 'x' } })).toThrow(message);
  expect(() => newCluster({ secrets: { [name]: aSecret() } })).toThrow(message.replace('environment.', 'secrets.'));
});

test.each([
  'LAUNCHER_START_TIMEOUT',
  'LAUNCHER_TRUSTED_CERTIFICATES',
  'SKIP_SAME_VERSION_UPGRADE',
  'PM2_KILL_TIMEOUT',
  'WORKER_MODE',
  'APP_PORT',
  'STORAGE_PATH',
])('%s is refused, and no prop is named that does not decide it', (name) => {
  expect(() => newCluster({ environment: { [name]: 'x' } })).toThrow(
    'is decided by the library, so that all parts of the cluster agree on it. Leave it out.',
  );
});

test('one variable from two places is an error that names both', () => {
  expect(() => newCluster({ environment: { SMTP: 'x' }, secrets: { SMTP: aSecret() } })).toThrow(
    '`secrets` sets the variable SMTP, which `environment` has set already. Leave it to one of the two.',
  );
  expect(
    () =>
      new NodeConfiguration(new Stack(undefined, 'Prod'), 'Configuration', {
        contributions: [
          { prop: 'redis', contribution: { environment: { X: '1' } } },
          { prop: 'queue', contribution: { connectionUrls: { X: 'redis://…' } } },
        ],
        defaults: {},
        userEnvironment: {},
        userSecrets: {},
      }),
  ).toThrow('`queue` sets the variable X, which `redis` has set already');
});

test.each(['A-B', '1A', 'A B', ''])('%j is not the name of a variable', (name) => {
  expect(() => newCluster({ environment: { [name]: 'x' } })).toThrow(
    'is not a name that an environment variable can have.',
  );
});

test('every injected field is there: fields of URLs in their Secret, the rest in Secrets of their own', () => {
  const { template } = synthesize();
  const [urls] = Object.entries(template.findResources('AWS::SecretsManager::Secret')).filter(
    ([, { Properties }]) => Properties.SecretString,
  );
  const fields = JSON.stringify(urls[1].Properties.SecretString);
  for (const [name, from] of Object.entries(secrets(template))) {
    if (JSON.stringify(from).includes(urls[0])) {
      expect(from['Fn::Join'][1][1]).toBe(`:${name}::`);
      expect(fields).toContain(`\\"${name}\\":`);
    }
  }
});

test('the role that starts tasks may read the Secrets of the nodes and nothing else', () => {
  const { template } = synthesize();
  const { ExecutionRoleArn } = only(template, 'AWS::ECS::TaskDefinition').properties;
  const role = ExecutionRoleArn['Fn::GetAtt'][0];
  const statements = Object.values(template.findResources('AWS::IAM::Policy'))
    .filter((policy) => policy.Properties.Roles.some((r: any) => r.Ref === role))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement);
  for (const { Action, Resource } of statements) {
    const actions = [Action].flat();
    expect(
      actions.every((action: string) => /^(secretsmanager:(GetSecretValue|DescribeSecret)|logs:.*)$/.test(action)),
    ).toBe(true);
    expect(JSON.stringify(Resource)).not.toBe('"*"');
  }
});

const IN_PLAIN_TEXT = 'which would stand in clear text in the task definition.';

test('a secret in plain text is refused, wherever it comes from', () => {
  for (const smtp of [
    () => '{{resolve:secretsmanager:smtp}}',
    (stack: Stack) => `smtp://me:${named(stack, 'smtp').secretValue.unsafeUnwrap()}@mail`,
    (stack: Stack) => new CfnParameter(stack, 'Smtp', { noEcho: true }).valueAsString,
    (stack: Stack) => Fn.join('', ['smtp://', new CfnParameter(stack, 'Smtp', { noEcho: true }).valueAsString]),
    (stack: Stack) => {
      new CfnParameter(stack, 'Smtp', { noEcho: true });
      return Fn.sub('smtp://me:${Smtp}@mail');
    },
  ]) {
    const { stack, vpc } = newPlace();
    const environment = { SMTP: smtp(stack) };
    new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins: ClusterPlugins.preinstalled(), environment });
    expect(() => Template.fromStack(stack)).toThrow(
      `\`environment.SMTP\` has a secret in SMTP, ${IN_PLAIN_TEXT} Inject it: secrets: { SMTP:`,
    );
  }
});

test('so is what a part tells nodes about a server', () => {
  const { stack, vpc } = newPlace();
  const secret = named(stack, 'database');
  new NocoBaseCluster(stack, 'NocoBase', {
    vpc,
    plugins: ClusterPlugins.preinstalled(),
    database: Database.existing({
      host: secret.secretValueFromJson('host').unsafeUnwrap(),
      ca: DatabaseCa.wellKnown(),
      secret,
    }),
  });
  expect(() => Template.fromStack(stack)).toThrow(`\`database\` has a secret in DB_HOST, ${IN_PLAIN_TEXT}`);
});

test('a text that is produced late has its last value, and may be the URL of the cluster', () => {
  const list = ['early'];
  const { stack, cluster } = newCluster({
    environment: {
      LIST: Lazy.string({ produce: () => list.join(',') }),
      APP_URL: Lazy.string({ produce: () => cluster.url }),
    },
  });
  list.push('late');
  const { LIST, APP_URL } = environment(Template.fromStack(stack));
  expect(LIST).toBe('early,late');
  expect(APP_URL).toEqual(stack.resolve(cluster.url));
});

test.each<[string, (secret: secretsmanager.Secret) => unknown]>([
  ['a Secret', (secret) => secret],
  ["CDK's own", (secret) => ecs.Secret.fromSecretsManager(secret)],
  ['a text', () => 'smtp'],
])('%s in place of a StoredSecret is refused', (_, wrong) => {
  const secret = new secretsmanager.Secret(new Stack(), 'Smtp');
  expect(() => newCluster({ secrets: { SMTP: wrong(secret) as StoredSecret } })).toThrow(
    '`secrets.SMTP` is no StoredSecret. Write StoredSecret.inSecretsManager(secret, field)',
  );
});

test('a value that is no text is refused', () => {
  expect(() => newCluster({ environment: { SMTP_PORT: 25 as any } })).toThrow(
    "`environment.SMTP_PORT` must be text, got: 25. Write it in quotes: '25'.",
  );
  expect(() => newCluster({ environment: { SMTP: new Stack() as any } })).toThrow(
    '`environment.SMTP` must be text, got: object. Give the text that nodes are to get of it.',
  );
  expect(() => newCluster({ environment: { SMTP_PORT: undefined as any } })).toThrow('has no value for SMTP_PORT');
});
