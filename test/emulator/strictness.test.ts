import {
  CreateStackCommand,
  DeleteStackCommand,
  UpdateStackCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { LocalAws } from './local-aws';

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
});
afterAll(() => aws?.stop());

type Resources = { [logicalId: string]: object };

let stacks = 0;

/** Makes a stack of its own and tells how that ended: its status and what its events complain about. */
async function create(Resources: Resources, more: object = {}): Promise<{ name: string; status: string; why: string }> {
  const name = `Stack${++stacks}`;
  const TemplateBody = JSON.stringify({ Resources, ...more });
  await aws.cloudFormation.send(new CreateStackCommand({ StackName: name, TemplateBody }));
  return outcome(name);
}

async function update(name: string, Resources: Resources, more: object = {}) {
  const TemplateBody = JSON.stringify({ Resources });
  await aws.cloudFormation.send(new UpdateStackCommand({ StackName: name, TemplateBody, ...more }));
  return outcome(name);
}

async function outcome(name: string) {
  const why = (await aws.events(name)).map(({ ResourceStatusReason }) => ResourceStatusReason ?? '').join('\n');
  const { StackStatus } = await aws.stack(name);
  return { name, status: StackStatus!, why };
}

const secret = (value: unknown, more: object = {}) => ({
  Type: 'AWS::SecretsManager::Secret',
  Properties: { SecretString: value },
  ...more,
});
const logGroup = (properties: object, more: object = {}) => ({
  Type: 'AWS::Logs::LogGroup',
  Properties: properties,
  ...more,
});

const TRUST = { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' };
const role = (AssumeRolePolicyDocument: object) => ({
  Type: 'AWS::IAM::Role',
  Properties: { AssumeRolePolicyDocument },
});

async function valueIn(secretId: string): Promise<string> {
  const { SecretString } = await aws.secretsManager.send(new GetSecretValueCommand({ SecretId: secretId }));
  return SecretString!;
}

describe('before anything is made, a template is refused', () => {
  test.each<[string, Resources, object, RegExp]>([
    [
      'for a resource type that does not exist',
      { A: { Type: 'AWS::Logs::LogGrup' } },
      {},
      /AWS::Logs::LogGrup is not a resource type/,
    ],
    [
      'for one that the emulator does not have',
      { A: { Type: 'AWS::GameLift::Fleet', Properties: {} } },
      {},
      /A: the emulator does not support AWS::GameLift::Fleet/,
    ],
    [
      'for a misspelt property',
      { A: logGroup({ RetentionDays: 1 }) },
      {},
      /A \(AWS::Logs::LogGroup\)\.RetentionDays: there is no such property\. There are: .*RetentionInDays/,
    ],
    [
      'for a misspelt property deep inside',
      { A: { Type: 'AWS::EFS::FileSystem', Properties: { BackupPolicy: { State: 'ENABLED' } } } },
      {},
      /A \(AWS::EFS::FileSystem\)\.BackupPolicy\.State: there is no such property/,
    ],
    [
      'for one behind a condition',
      {
        A: {
          Type: 'AWS::EFS::FileSystem',
          Properties: { BackupPolicy: { 'Fn::If': ['No', { Stat: 'x' }, { Status: 'ENABLED' }] } },
        },
      },
      { Conditions: { No: { 'Fn::Equals': ['a', 'b'] } } },
      /BackupPolicy\.Stat: there is no such property/,
    ],
    [
      'for a property that is missing',
      { A: { Type: 'AWS::EC2::Subnet', Properties: {} } },
      {},
      /A \(AWS::EC2::Subnet\): VpcId must be given/,
    ],
    [
      'for a reference to nothing',
      { A: secret({ Ref: 'B' }) },
      {},
      /refers to B, which is neither a resource nor a parameter/,
    ],
    [
      'for an attribute that does not exist',
      { A: logGroup({}), B: secret({ 'Fn::GetAtt': ['A', 'Name'] }) },
      {},
      /asks A for Name, which AWS::Logs::LogGroup does not have/,
    ],
    ['for a dependency on nothing', { A: secret('x', { DependsOn: ['C'] }) }, {}, /A\.DependsOn names C/],
    [
      'for a circle',
      { A: secret({ Ref: 'B' }), B: secret('x', { DependsOn: 'A' }) },
      {},
      /Circular dependency between resources: A → B → A/,
    ],
    [
      'for a deletion policy that is none',
      { A: secret('x', { DeletionPolicy: 'Keep' }) },
      {},
      /A\.DeletionPolicy must be one of/,
    ],
    [
      'for a misspelt part of a resource',
      { A: secret('x', { DeletePolicy: 'Retain' }) },
      {},
      /A \(AWS::SecretsManager::Secret\) has DeletePolicy/,
    ],
    [
      'for a parameter without a value',
      { A: secret('x') },
      { Parameters: { P: { Type: 'String' } } },
      /Parameters: \[P\] must have values/,
    ],
    [
      'for a rule that does not hold',
      { A: secret('x') },
      {
        Rules: { R: { Assertions: [{ Assert: { 'Fn::Equals': ['a', 'b'] }, AssertDescription: 'bootstrap first' }] } },
      },
      /bootstrap first/,
    ],
    [
      'for an output without a value',
      { A: secret('x') },
      { Outputs: { O: { Val: '1' } } },
      /Outputs\.O must have a Value/,
    ],
    [
      'for a misspelt part of an output',
      { A: secret('x') },
      { Outputs: { O: { Value: '1', Exports: { Name: 'o' } } } },
      /Outputs\.O has Exports/,
    ],
    [
      'for a condition that depends on itself',
      { A: secret('x') },
      { Conditions: { C: { 'Fn::Not': [{ Condition: 'C' }] } } },
      /Circular dependency .* C → C/,
    ],
    [
      'for a condition that depends on a resource',
      { A: secret('x') },
      { Conditions: { C: { 'Fn::Equals': [{ Ref: 'A' }, 'x'] } } },
      /Conditions refer to A, which is no parameter/,
    ],
    [
      'for properties that are none',
      { A: { Type: 'AWS::Logs::LogGroup', Properties: [] } },
      {},
      /Properties must be an object/,
    ],
    [
      'for a custom resource without a provider',
      { A: { Type: 'Custom::Thing', Properties: {} } },
      {},
      /A \(Custom::Thing\): ServiceToken must be given/,
    ],
  ])('%s', async (_, resources, more, message) => {
    await expect(create(resources, more)).rejects.toThrow(message);
  });
});

describe('a deployment fails', () => {
  test.each<[string, Resources, RegExp]>([
    [
      'for a function that is unknown',
      { A: secret({ 'Fn::Upper': 'x' }) },
      /A \(AWS::SecretsManager::Secret\)\.SecretString: the emulator does not know the function Fn::Upper/,
    ],
    [
      'for a value of the wrong kind',
      { A: logGroup({ RetentionInDays: 8 }) },
      /A \(AWS::Logs::LogGroup\)\.RetentionInDays: enum .* is demanded, not 8/,
    ],
    [
      'for a dynamic reference to a Secret that is not there',
      { A: secret('{{resolve:secretsmanager:missing}}') },
      /SecretString: \{\{resolve:secretsmanager:missing\}\} cannot be resolved/,
    ],
    [
      'for a dynamic reference to a field that is not there',
      { A: secret('{"user":"a"}'), B: secret({ 'Fn::Sub': '{{resolve:secretsmanager:${A}:SecretString:password}}' }) },
      /cannot be resolved: it has no field 'password'/,
    ],
    [
      'for a dynamic reference that is none',
      { A: secret('{{resolve:secretmanager:x}}') },
      /no dynamic reference that CloudFormation knows/,
    ],
    [
      'for a resource that uses another one without depending on it',
      { A: logGroup({ LogGroupName: '/in/order' }), B: secret('log to:/in/order') },
      /B uses A \(\/in\/order\) without depending on it/,
    ],
    [
      'for an item that a list does not have',
      { A: secret({ 'Fn::Select': [2, { 'Fn::Split': [',', 'a,b'] }] }) },
      /Fn::Select has no item 2/,
    ],
    [
      'for a mapping that has no such entry',
      { A: secret({ 'Fn::FindInMap': ['M', 'a', 'b'] }) },
      /no a\.b in the mapping M/,
    ],
    ['for an import of nothing', { A: secret({ 'Fn::ImportValue': 'nothing' }) }, /No export named nothing found/],
    [
      'for a custom resource whose function does not exist',
      {
        A: {
          Type: 'Custom::Thing',
          Properties: { ServiceToken: 'arn:aws:lambda:eu-central-1:123456789012:function:nobody' },
        },
      },
      /nobody/,
    ],
    [
      'for a policy with a misspelt part',
      { A: role({ Statement: [{ ...TRUST, Efect: 'Allow' }] }) },
      /A \(AWS::IAM::Role\)\.AssumeRolePolicyDocument\.Statement\.0: .*'Efect' was unexpected/,
    ],
    [
      'for a principal that is none',
      { A: role({ Statement: { ...TRUST, Principal: { Servce: 'ecs.amazonaws.com' } } }) },
      /Principal cannot be Servce/,
    ],
    [
      'for a condition that is none',
      { A: role({ Statement: { ...TRUST, Condition: { Bol: { 'aws:SecureTransport': true } } } }) },
      /AssumeRolePolicyDocument\.Statement\.Condition: 'Bol' does not match/,
    ],
    [
      'for a misspelt condition key, which would never hold',
      { A: role({ Statement: { ...TRUST, Condition: { Bool: { 'aws:SecureTransprt': true } } } }) },
      /does not know the condition key aws:SecureTransprt/,
    ],
    [
      'for a misspelt option of a log driver',
      {
        A: {
          Type: 'AWS::ECS::TaskDefinition',
          Properties: {
            ContainerDefinitions: [
              {
                Name: 'web',
                Image: 'nginx',
                LogConfiguration: {
                  LogDriver: 'awslogs',
                  Options: {
                    'awslogs-group': 'a',
                    'awslogs-region': 'b',
                    'awslogs-stream-prefix': 'c',
                    'max-bufer-size': '1m',
                  },
                },
              },
            ],
          },
        },
      },
      /LogConfiguration of web: awslogs disallows options: max-bufer-size/,
    ],
  ])('%s, and takes back what it made', async (_, resources, message) => {
    const { name, status, why } = await create({ Z: logGroup({}), ...resources });
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(await aws.physicalIds(name)).toEqual({});
  });

  test('and no secret is in its events', async () => {
    const { why } = await create({
      A: secret('{"password":"pa-ss-word"}'),
      B: {
        Type: 'AWS::RDS::DBInstance',
        Properties: {
          DBInstanceClass: 'db.t4g.medium',
          AllocatedStorage: '20',
          Engine: 'postgres',
          MasterUsername: 'nocobase',
          MasterUserPassword: { 'Fn::Sub': '/{{resolve:secretsmanager:${A}:SecretString:password}}' },
        },
      },
    });
    expect(why).toMatch(/MasterUserPassword/);
    expect(why).not.toContain('pa-ss-word');
  });

  test('nor one that is in a property of any other name', async () => {
    const { why } = await create({
      A: secret('{"password":"pa-ss-word"}'),
      B: logGroup({ RetentionInDays: { 'Fn::Sub': '{{resolve:secretsmanager:${A}:SecretString:password}}' } }),
    });
    expect(why).toMatch(/B \(AWS::Logs::LogGroup\)\.RetentionInDays/);
    expect(why).not.toContain('pa-ss-word');
  });

  test('nor is a parameter that nobody is to see', async () => {
    const Parameters = { P: { Type: 'String', NoEcho: true, Default: 'pa-ss-word' } };
    const { name, why } = await create({ A: logGroup({ RetentionInDays: { Ref: 'P' } }) }, { Parameters });
    expect(why).not.toContain('pa-ss-word');
    expect((await aws.stack(name)).Parameters).toEqual([{ ParameterKey: 'P', ParameterValue: '****' }]);
  });
});

describe('dynamic references', () => {
  test('are resolved in the middle of a text, when the resource is made', async () => {
    const { name, status } = await create({
      A: secret('{"user":"ada","password":"p:a}s"}'),
      B: secret({
        'Fn::Sub':
          'amqps://{{resolve:secretsmanager:${A}:SecretString:user::}}@{{resolve:secretsmanager:${A}:SecretString:user}}',
      }),
    });
    expect(status).toBe('CREATE_COMPLETE');
    expect(await valueIn((await aws.physicalIds(name)).B)).toBe('amqps://ada@ada');
  });

  test('of an unchanged text are not looked up again, as CloudFormation does not either', async () => {
    const B = secret({ 'Fn::Sub': '{{resolve:secretsmanager:${A}:SecretString:user}}' });
    const { name } = await create({ A: secret('{"user":"ada"}'), B });
    await update(name, { A: secret('{"user":"bob"}'), B });
    expect(await valueIn((await aws.physicalIds(name)).B)).toBe('ada');
  });
});

describe('an update', () => {
  test('changes nothing but what the template changes', async () => {
    const { name } = await create({ A: logGroup({ RetentionInDays: 7 }), B: logGroup({}) });
    const before = await aws.physicalIds(name);
    await update(name, { A: logGroup({ RetentionInDays: 14 }), B: logGroup({}) });
    expect(await aws.physicalIds(name)).toEqual(before);
    expect((await aws.events(name)).map((event) => `${event.LogicalResourceId} ${event.ResourceStatus}`)).toEqual([
      `${name} UPDATE_COMPLETE`,
      'A UPDATE_COMPLETE',
      'A UPDATE_IN_PROGRESS',
      `${name} UPDATE_IN_PROGRESS`,
      expect.anything(),
      ...Array(5).fill(expect.anything()),
    ]);
  });

  test('without changes is refused', async () => {
    const { name } = await create({ A: logGroup({}) });
    await expect(update(name, { A: logGroup({}) })).rejects.toThrow('No updates are to be performed');
  });

  test('replaces what cannot be changed, the new one first', async () => {
    const { name } = await create({ A: logGroup({ LogGroupName: '/replace/a' }) });
    const { status } = await update(name, { A: logGroup({ LogGroupName: '/replace/b' }) });
    expect(status).toBe('UPDATE_COMPLETE');
    expect(await aws.physicalIds(name)).toEqual({ A: '/replace/b' });
    const steps = (await aws.events(name)).map(({ ResourceStatus, PhysicalResourceId }) => [
      ResourceStatus,
      PhysicalResourceId,
    ]);
    expect(steps).toContainEqual(['DELETE_COMPLETE', '/replace/a']);
    expect(steps.findIndex(([, id]) => id === '/replace/b')).toBeGreaterThan(
      steps.findIndex(([status, id]) => status === 'DELETE_COMPLETE' && id === '/replace/a'),
    );
  });

  test('that fails goes back to what was there', async () => {
    const { name } = await create({ A: logGroup({ LogGroupName: '/back', RetentionInDays: 7 }) });
    const { status } = await update(name, {
      A: logGroup({ LogGroupName: '/back', RetentionInDays: 14 }),
      B: secret('{{resolve:secretsmanager:missing}}', { DependsOn: 'A' }),
    });
    expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await aws.physicalIds(name)).toEqual({ A: '/back' });
    await expect(update(name, { A: logGroup({ LogGroupName: '/back', RetentionInDays: 7 }) })).rejects.toThrow(
      'No updates are to be performed',
    );
  });
});

describe('an update is refused', () => {
  test('for another type of a resource', async () => {
    const { name } = await create({ A: logGroup({}) });
    await expect(update(name, { A: secret('x') })).rejects.toThrow(/update of resource type is not permitted/);
  });

  test('for a change of what another stack imports, until that does no more', async () => {
    const Outputs = (value: string) => ({ O: { Value: value, Export: { Name: 'shared' } } });
    const exporter = await create({ A: secret('x') }, { Outputs: Outputs('1') });
    const importer = await create({ B: secret({ 'Fn::ImportValue': 'shared' }) });
    const change = async (outputs: object) => {
      const TemplateBody = JSON.stringify({ Resources: { A: secret('y') }, Outputs: outputs });
      await aws.cloudFormation.send(new UpdateStackCommand({ StackName: exporter.name, TemplateBody }));
      return outcome(exporter.name);
    };
    expect(await change(Outputs('2'))).toMatchObject({
      status: 'UPDATE_ROLLBACK_COMPLETE',
      why: expect.stringContaining('Export shared cannot be updated as it is in use by'),
    });
    await update(importer.name, { B: secret('on its own') });
    expect(await change({})).toMatchObject({ status: 'UPDATE_COMPLETE' });
  });
});

test('a rollback takes back what was said of the deletion, too', async () => {
  const kept = { DeletionPolicy: 'Retain' };
  const { name } = await create({ A: secret('kept', kept) });
  const { A } = await aws.physicalIds(name);
  const failing = { B: secret('{{resolve:secretsmanager:missing}}', { DependsOn: 'A' }) };
  expect(await update(name, { A: secret('kept', { DeletionPolicy: 'Delete' }), ...failing })).toMatchObject({
    status: 'UPDATE_ROLLBACK_COMPLETE',
  });
  await aws.cloudFormation.send(new DeleteStackCommand({ StackName: name }));
  await waitUntilStackDeleteComplete({ client: aws.cloudFormation, maxWaitTime: 30, minDelay: 1 }, { StackName: name });
  expect(await valueIn(A)).toBe('kept');
});

describe('a deployment that failed without rollback', () => {
  const broken = secret('{{resolve:secretsmanager:missing}}', { DependsOn: 'A' });
  const A = logGroup({ LogGroupName: '/paused' });
  let name: string;
  beforeAll(async () => {
    name = 'Paused';
    const TemplateBody = JSON.stringify({ Resources: { A, B: broken } });
    await aws.cloudFormation.send(new CreateStackCommand({ StackName: name, TemplateBody, DisableRollback: true }));
  });

  test('stays as it is', async () => {
    expect((await aws.stack(name)).StackStatus).toBe('CREATE_FAILED');
    expect(await aws.physicalIds(name)).toMatchObject({ A: '/paused' });
  });

  test('cannot be gone on with while rollback is switched on', async () => {
    await expect(update(name, { A, B: secret('mended') })).rejects.toThrow(/non-terminal \[CREATE_FAILED\] state/);
  });

  test('nor by replacing anything', async () => {
    const replaced = { A: logGroup({ LogGroupName: '/else' }), B: secret('mended', { DependsOn: 'A' }) };
    const { status, why } = await update(name, replaced, { DisableRollback: true });
    expect(status).toBe('UPDATE_FAILED');
    expect(why).toContain('Replacement type updates not supported on stack with disable-rollback.');
    expect(await aws.physicalIds(name)).toMatchObject({ A: '/paused' });
  });

  test('goes on with what failed, and with new resources instead of old ones', async () => {
    const { status } = await update(
      name,
      { C: logGroup({ LogGroupName: '/else' }), B: secret('mended', { DependsOn: 'C' }) },
      { DisableRollback: true },
    );
    expect(status).toBe('UPDATE_COMPLETE');
    expect(await aws.physicalIds(name)).toEqual({ B: expect.anything(), C: '/else' });
  });
});

test('what a policy retains is there when the stack is gone', async () => {
  const { name } = await create({ A: secret('kept', { DeletionPolicy: 'Retain' }), B: secret('gone') });
  const { A, B } = await aws.physicalIds(name);
  await aws.cloudFormation.send(new DeleteStackCommand({ StackName: name }));
  await waitUntilStackDeleteComplete({ client: aws.cloudFormation, maxWaitTime: 30, minDelay: 1 }, { StackName: name });
  expect(await valueIn(A)).toBe('kept');
  await expect(valueIn(B)).rejects.toThrow();
});
