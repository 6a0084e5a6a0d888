import { App, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  MessageQueue,
  RabbitMqBroker,
  type RabbitMqBrokerProps,
  RabbitMqDeployment,
  type RabbitMqProps,
} from '../../lib';
import { connectionUrls, environment, newCluster, only, render, synthesize } from '../cluster-fixture';
import { newPlace } from '../part-fixture';

const BROKER = 'AWS::AmazonMQ::Broker';

test('a single private broker of RabbitMQ 4.2 with its own security group and general logs', () => {
  const { properties } = only(synthesize().template, BROKER);
  expect(properties).toMatchObject({
    EngineType: 'RABBITMQ',
    EngineVersion: '4.2',
    HostInstanceType: 'mq.m7g.medium',
    DeploymentMode: 'SINGLE_INSTANCE',
    PubliclyAccessible: false,
    AutoMinorVersionUpgrade: true,
    Logs: { General: true },
    SubnetIds: [{ Ref: expect.stringContaining('DataSubnet1') }],
  });
  expect(properties.SecurityGroups).toEqual([
    { 'Fn::GetAtt': [expect.stringContaining('QueueSecurityGroup'), 'GroupId'] },
  ]);
});

test('a cluster takes all data subnets', () => {
  const { template } = synthesize({
    queue: MessageQueue.rabbitMq({ deployment: RabbitMqDeployment.CLUSTER_MULTI_AZ, engineVersion: '4.3' }),
  });
  const { DeploymentMode, EngineVersion, SubnetIds } = only(template, BROKER).properties;
  expect({ DeploymentMode, EngineVersion }).toEqual({ DeploymentMode: 'CLUSTER_MULTI_AZ', EngineVersion: '4.3' });
  expect(SubnetIds).toHaveLength(2);
});

test('the URL is the broker’s own endpoint with the credentials of its user put in', () => {
  const { template } = synthesize();
  const { id, properties } = only(template, BROKER);
  const [{ Username, Password }] = properties.Users;
  expect(connectionUrls(template).QUEUE_ADAPTER_RABBITMQ_URL).toBe(
    `amqps://${render(Username)}:${render(Password)}@select(1, split(//, select(0, <${id}.AmqpEndpoints>)))`,
  );
  expect(environment(template).QUEUE_ADAPTER).toBe('rabbitmq');
});

test('a broker that replaces another has another name, and the nodes hear of it', () => {
  const { template } = synthesize();
  const { template: cluster } = synthesize({
    queue: MessageQueue.rabbitMq({ deployment: RabbitMqDeployment.CLUSTER_MULTI_AZ }),
  });
  const name = (of: Template) => only(of, BROKER).properties.BrokerName;
  expect(name(cluster)).not.toBe(name(template));
  expect(name(cluster).length).toBeLessThanOrEqual(50);
  expect(render(environment(template).LAUNCHER_QUEUE_ENDPOINT)).toContain(only(template, BROKER).id);
});

describe('what replaces the broker gives it another name, since two cannot have one', () => {
  const KEYS = ['one', 'other'].map((id) => `arn:aws:kms:eu-central-1:111122223333:key/${id}`);
  const keyed = (arn?: string) => arn && Key.fromKeyArn(new Stack(new App()), 'Key', arn);
  const nameOf = (template: Template) => only(template, BROKER).properties.BrokerName;

  test('in the network of its cluster, where it has one place, the key does', () => {
    const [plain, one, other] = [undefined, ...KEYS].map((arn) =>
      nameOf(synthesize({ encryptionKey: keyed(arn) || undefined }).template),
    );
    expect(plain).toBe('Prod-NocoBase-Data-Queue-39FDB998');
    expect(new Set([plain, one, other]).size).toBe(3);
  });

  test('in a given network also its first subnet, and nothing else that the network has', () => {
    const name = (isolated: boolean, data?: ec2.SubnetType): string => {
      const stack = new Stack(new App(), 'Prod');
      const kinds = [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
        { name: 'Private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
        { name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ];
      const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: isolated ? kinds : kinds.slice(0, 2) });
      new RabbitMqBroker(stack, 'Queue', { vpc, vpcSubnets: data && { subnetType: data } });
      return render(nameOf(Template.fromStack(stack)));
    };
    const before = name(false);
    expect(before).toMatch(/^Prod-Queue-\w+-select\(1, split\(-, <VpcPrivateSubnet1\w+>\)\)$/);
    expect(name(true)).not.toBe(before);
    expect(name(true, ec2.SubnetType.PRIVATE_WITH_EGRESS)).toBe(before);
  });

  const vpcOf = (stack: Stack, privateSubnetIds: string[]) =>
    ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['eu-central-1a', 'eu-central-1b'],
      privateSubnetIds,
    });

  const deployedName = (
    subnetIds: (stack: Stack) => string[],
    props: Partial<RabbitMqBrokerProps> = {},
    values: { [name: string]: string } = {},
  ): string => {
    const stack = new Stack(new App(), 'Prod');
    new RabbitMqBroker(stack, 'Queue', { vpc: vpcOf(stack, subnetIds(stack)), ...props });
    return deployed(nameOf(Template.fromStack(stack)), values);
  };

  test('the same subnet gives the same name, however it is written', () => {
    const [subnet, other] = ['subnet-0123456789abcdef0', 'subnet-0fedcba9876543210'];
    const literal = deployedName(() => [subnet, other]);
    expect(literal).toMatch(/^Prod-Queue-\w+-0123456789abcdef0$/);
    expect(deployedName(() => [Fn.importValue('Subnet'), other], {}, { Subnet: subnet })).toBe(literal);
    const read = (stack: Stack) => [new CfnParameter(stack, 'Subnet').valueAsString, other];
    expect(deployedName(read, {}, { Subnet: subnet })).toBe(literal);
    expect(deployedName(() => [other, subnet])).not.toBe(literal);
  });

  test('there is room for the longest id, with all that the name may have beside it', () => {
    const encryptionKey = keyed(KEYS[0]) || undefined;
    const deployment = RabbitMqDeployment.CLUSTER_MULTI_AZ;
    const name = deployedName(() => ['subnet-0123456789abcdef0', 'subnet-1'], { encryptionKey, deployment });
    expect(name).toMatch(/^[\w-]{8,}-0123456789abcdef0-\w{8}-cluster$/);
    expect(name.length).toBeLessThanOrEqual(50);
    const short = deployedName(() => ['subnet-01234567', 'subnet-1'], { encryptionKey, deployment });
    expect(short).toBe(name.replace('0123456789abcdef0', '01234567'));
  });

  test('a list of subnets that is known at the deployment only has a first one', () => {
    const stack = new Stack(new App(), 'Prod');
    const privateSubnetIds = Fn.split(',', Fn.importValue('Subnets'));
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: Fn.getAzs(),
      privateSubnetIds,
    });
    new RabbitMqBroker(stack, 'Queue', { vpc, deployment: RabbitMqDeployment.CLUSTER_MULTI_AZ });
    expect(JSON.stringify(nameOf(Template.fromStack(stack)))).toContain(
      '{"Fn::Select":[1,{"Fn::Split":["-",{"Fn::Select":[0,{"Fn::Split":[",",{"Fn::ImportValue":"Subnets"}]}]}]}]}',
    );
  });

  test('the name by a key of the app does not hang on what was made before it', () => {
    const name = (before: number) => {
      const stack = new Stack(new App(), 'Prod');
      for (let index = 0; index < before; index++) stack.resolve(Fn.importValue(`Before${index}`));
      const vpc = vpcOf(stack, ['subnet-1', 'subnet-2']);
      new RabbitMqBroker(stack, 'Queue', { vpc, encryptionKey: new Key(stack, 'Key') });
      return nameOf(Template.fromStack(stack));
    };
    expect(name(7)).toBe(name(0));
  });

  test('so does a key of the same id in another stack', () => {
    const name = (owner: string) => {
      const app = new App();
      const [one, other] = ['One', 'Other'].map((id) => new Stack(app, id));
      const stack = new Stack(app, 'Prod');
      const encryptionKey = new Key(owner === 'One' ? one : other, 'Key');
      new RabbitMqBroker(stack, 'Queue', { vpc: vpcOf(stack, ['subnet-1', 'subnet-2']), encryptionKey });
      return nameOf(Template.fromStack(stack));
    };
    expect(name('One')).not.toBe(name('Other'));
  });
});

test('one broker for two clusters is seen to be one', () => {
  const { stack, vpc, context } = newPlace();
  const queue = new RabbitMqBroker(stack, 'Queue', { vpc });
  expect(queue.bind(stack, context).adapterClaims).toEqual(queue.bind(stack, context).adapterClaims);
});

test('the variable of the URL can be named, as long as the adapter’s own documentation does not', () => {
  const { template } = synthesize({ queue: MessageQueue.rabbitMq({ urlVariable: 'RABBITMQ_URL' }) });
  expect(Object.keys(connectionUrls(template))).toContain('RABBITMQ_URL');
});

test('the password is alphanumeric: Amazon MQ refuses some characters, URLs others', () => {
  const { template } = synthesize();
  const generators = Object.values(template.findResources('AWS::SecretsManager::Secret'))
    .map((secret) => secret.Properties.GenerateSecretString)
    .filter(
      (generator) => generator?.SecretStringTemplate === '{"username":"nocobase"}' && generator.ExcludePunctuation,
    );
  expect(generators).toEqual([
    expect.objectContaining({ GenerateStringKey: 'password', ExcludePunctuation: true, PasswordLength: 64 }),
  ]);
});

test.each<[string, RabbitMqProps, string]>([
  ['RabbitMQ 3.13', { engineVersion: '3.13' }, "`queue.engineVersion` must be one of 4.2, 4.3, got: '3.13'."],
  ['a patch version', { engineVersion: '4.2.1' }, "got: '4.2.1'"],
  [
    't3.micro with 4.2',
    { instanceType: 'mq.t3.micro' },
    "`queue.instanceType` 'mq.t3.micro' cannot run RabbitMQ 4.2, which Amazon MQ offers on mq.m7g only.",
  ],
  ['m5.large with 4.3', { instanceType: 'mq.m5.large', engineVersion: '4.3' }, "'mq.m5.large' cannot run RabbitMQ 4.3"],
  ['a type without prefix', { instanceType: 'm7g.large' }, "'m7g.large' cannot run"],
  [
    'a variable with a blank',
    { urlVariable: 'RABBIT URL' },
    "`queue.urlVariable` must be the name of an environment variable that nothing else decides, got: 'RABBIT URL'.",
  ],
  ['the variable that names the adapter', { urlVariable: 'QUEUE_ADAPTER' }, "decides, got: 'QUEUE_ADAPTER'."],
])('%s is refused', (_, props, message) => {
  expect(() => newCluster({ queue: MessageQueue.rabbitMq(props) })).toThrow(message);
});

test('type and version that are looked up may not be there yet', () => {
  const pending = 'dummy-value-for-/queue';
  const queue = MessageQueue.rabbitMq({ instanceType: pending, engineVersion: pending });
  expect(() => newCluster({ queue })).not.toThrow();
});

describe('on its own', () => {
  const alone = (props: Partial<RabbitMqBrokerProps> = {}) => {
    const { stack, vpc } = newPlace();
    return { stack, vpc, queue: new RabbitMqBroker(stack, 'Shared', { vpc, ...props }) };
  };

  test('it lies where a cluster would put it: a single broker in one of the subnets, a cluster in all', () => {
    for (const [deployment, count] of [
      [RabbitMqDeployment.SINGLE_INSTANCE, 1],
      [RabbitMqDeployment.CLUSTER_MULTI_AZ, 2],
    ] as const) {
      const { stack, vpc } = alone({ deployment });
      const { SubnetIds } = only(Template.fromStack(stack), BROKER).properties;
      expect(SubnetIds).toEqual(stack.resolve(vpc.privateSubnets.slice(0, count).map(({ subnetId }) => subnetId)));
    }
  });

  test('one zone is enough for a single broker, and for nothing else', () => {
    const vpc = new ec2.Vpc(new Stack(new App(), 'Network'), 'OneZone', { maxAzs: 1 });
    expect(() => alone({ vpc })).not.toThrow();
    expect(() => alone({ vpc, deployment: RabbitMqDeployment.CLUSTER_MULTI_AZ })).toThrow('availability zone only');
  });

  test('its key encrypts queues and Secret', () => {
    const encryptionKey = Key.fromKeyArn(new Stack(new App()), 'Key', 'arn:aws:kms:eu-central-1:111122223333:key/1');
    const template = Template.fromStack(alone({ encryptionKey }).stack);
    expect(only(template, BROKER).properties.EncryptionOptions).toEqual({
      UseAwsOwnedKey: false,
      KmsKeyId: encryptionKey.keyArn,
    });
    expect(only(template, 'AWS::SecretsManager::Secret').properties.KmsKeyId).toBe(encryptionKey.keyArn);
  });

  test('somebody else may read user and password', () => {
    const { stack, queue } = alone();
    queue.grantConnect(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [Match.objectLike({ Resource: { Ref: only(template, 'AWS::SecretsManager::Secret').id } })],
      },
    });
  });

  test('it has metrics by the name of its broker', () => {
    const { stack, queue } = alone();
    const dimensions = { Broker: only(Template.fromStack(stack), BROKER).properties.BrokerName };
    const metrics = [queue.metric('RabbitMQMemUsed'), queue.metricMessageCount(), queue.metricCpuUtilization()];
    expect(metrics.map((metric) => stack.resolve(metric.toMetricConfig().metricStat))).toMatchObject(
      ['RabbitMQMemUsed', 'MessageCount', 'SystemCpuUtilization'].map((metricName) => ({
        namespace: 'AWS/AmazonMQ',
        metricName,
        dimensions: [{ name: 'Broker', value: dimensions.Broker }],
      })),
    );
  });
});

/** A name with the values that its tokens have at the deployment. */
function deployed(value: any, values: { [name: string]: string }): any {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((each) => deployed(each, values));
  const [[intrinsic, argument]] = Object.entries(value);
  const given = deployed(argument, values);
  switch (intrinsic) {
    case 'Fn::Join':
      return given[1].join(given[0]);
    case 'Fn::Select':
      return given[1][given[0]];
    case 'Fn::Split':
      return given[1].split(given[0]);
    default:
      return values[given];
  }
}
