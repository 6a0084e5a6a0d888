import {
  App,
  Aspects,
  CfnResource,
  Mixin,
  Mixins,
  NestedStack,
  RemovalPolicies,
  Stack,
  Stage,
  Tag,
  Tags,
} from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IConstruct } from 'constructs';
import {
  ClusterPlugins,
  Database,
  DatabaseCa,
  EfsStorage,
  Entrance,
  GeneratedKeys,
  NocoBaseCluster,
  type NocoBaseClusterProps,
  PostgresDatabase,
  RabbitMqBroker,
  Redis,
  StoredSecret,
  ValkeyCache,
} from '../lib';
import { container, newCluster, only, STATEFUL, synthesize } from './cluster-fixture';

const plugins = ClusterPlugins.preinstalled();
const DATA_SUBNETS = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };

/** A key and a network, the data, the nodes: each in a stack of its own. */
function splitStacks(scope: Construct, props: Partial<NocoBaseClusterProps> = {}) {
  const platform = new Stack(scope, 'Platform');
  const vpc = new ec2.Vpc(platform, 'Vpc', { maxAzs: 2 });
  const encryptionKey = new Key(platform, 'Key');
  const data = new Stack(scope, 'Data');
  const where = { vpc, vpcSubnets: DATA_SUBNETS, encryptionKey };
  const parts = {
    database: new PostgresDatabase(data, 'Database', where),
    redis: new ValkeyCache(data, 'Redis', where),
    queue: new RabbitMqBroker(data, 'Queue', where),
    storage: new EfsStorage(data, 'Storage', where),
    keys: new GeneratedKeys(data, 'Keys', { encryptionKey }),
  };
  const nodes = new Stack(scope, 'Nodes');
  const cluster = new NocoBaseCluster(nodes, 'NocoBase', { vpc, encryptionKey, plugins, ...parts, ...props });
  return { platform, data, nodes, cluster, ...parts };
}

describe('network, data and nodes in three stacks', () => {
  const app = new App();
  const { platform, data, nodes } = splitStacks(app);
  const template = Template.fromStack(nodes);

  test('depend on each other in this order only', () => {
    expect(() => app.synth()).not.toThrow();
    expect(nodes.dependencies).toEqual(expect.arrayContaining([platform, data]));
    expect(data.dependencies).toEqual([platform]);
    expect(platform.dependencies).toEqual([]);
  });

  test('the data is in the stack of the data, and knows nothing of the nodes', () => {
    for (const type of STATEFUL) {
      template.resourceCountIs(type, 0);
      Template.fromStack(data).resourceCountIs(type, 1);
    }
    expect(JSON.stringify(Template.fromStack(data).toJSON())).not.toMatch(/Nodes?NocoBase/);
  });

  test('the rules that let nodes in are in the stack of the nodes', () => {
    const ports = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress'))
      .filter(({ Properties }) => JSON.stringify(Properties.GroupId).includes('Data:'))
      .map(({ Properties }) => JSON.stringify(Properties.FromPort));
    expect(ports).toHaveLength(4);
    Template.fromStack(data).resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  test('nodes may decrypt what they read, by their own policy and for Secrets Manager only', () => {
    const decrypting = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.filter((statement: any) => statement.Action === 'kms:Decrypt'),
    );
    expect(decrypting.length).toBeGreaterThanOrEqual(2);
    for (const { Condition, Resource } of decrypting) {
      expect(JSON.stringify(Condition)).toContain('secretsmanager.');
      expect(JSON.stringify(Resource)).toContain('Platform:ExportsOutputFnGetAttKey');
    }
  });
});

test('nodes are let in to a pooler, and past it to the database itself', () => {
  const { stack } = newCluster();
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const securityGroups = [new ec2.SecurityGroup(stack, 'Postgres', { vpc })];
  new NocoBaseCluster(stack, 'Pooled', {
    vpc,
    plugins,
    database: Database.existing({
      host: 'pooler.example.com',
      port: 6432,
      directHost: 'postgres.example.com',
      directPort: 5432,
      ca: DatabaseCa.wellKnown(),
      secret: Secret.fromSecretNameV2(stack, 'User', 'postgres'),
      securityGroups,
    }),
  });
  const ports = Object.values(Template.fromStack(stack).findResources('AWS::EC2::SecurityGroupIngress'))
    .filter(({ Properties }) => JSON.stringify(Properties.GroupId).includes('"Postgres'))
    .map(({ Properties }) => Properties.FromPort);
  expect(ports.sort()).toEqual([5432, 6432]);
});

test('a file system of the same stack is mounted only when it can be', () => {
  const stack = new Stack(new App(), 'Prod');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const storage = new EfsStorage(stack, 'Storage', { vpc, vpcSubnets: DATA_SUBNETS });
  new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins, storage });
  const template = Template.fromStack(stack);
  const targets = Object.keys(template.findResources('AWS::EFS::MountTarget'));
  expect(targets.length).toBeGreaterThan(1);
  expect(only(template, 'AWS::ECS::Service').resource.DependsOn).toEqual(expect.arrayContaining(targets));
});

describe('nodes that are let in to what is there', () => {
  /** Groups of somebody, for Redis and the queue, in the stack of the nodes. */
  function letInTo(groups: (stack: Stack, vpc: ec2.IVpc) => [ec2.ISecurityGroup, ec2.ISecurityGroup]) {
    const stack = new Stack(new App(), 'Prod');
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    const [cache, others] = groups(stack, vpc).map((group, i) =>
      Redis.existing({
        host: `redis-${i}.example.com`,
        password: StoredSecret.inSecretsManager(Secret.fromSecretNameV2(stack, `Password${i}`, 'redis')),
        securityGroups: [group],
      }),
    );
    new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins, redis: Redis.perFunction({ cache, others }) });
    const template = Template.fromStack(stack);
    const rules = Object.keys(
      template.findResources('AWS::EC2::SecurityGroupIngress', { Properties: { FromPort: 6379 } }),
    );
    return { rules, waitsFor: only(template, 'AWS::ECS::Service').resource.DependsOn };
  }

  const imported = (stack: Stack, id: string, groupId: string, mutable = true) =>
    ec2.SecurityGroup.fromSecurityGroupId(stack, id, groupId, { mutable });

  test('start after the rules, which outlive them', () => {
    const { rules, waitsFor } = letInTo((stack, vpc) => [
      new ec2.SecurityGroup(stack, 'Made', { vpc }),
      imported(stack, 'Imported', 'sg-1'),
    ]);
    expect(rules).toHaveLength(2);
    expect(waitsFor).toEqual(expect.arrayContaining(rules));
  });

  test('need one rule into a group that was imported twice: EC2 refuses the second', () => {
    expect(letInTo((stack) => [imported(stack, 'A', 'sg-1'), imported(stack, 'B', 'sg-1')]).rules).toHaveLength(1);
  });

  test('get it from the import that may be changed', () => {
    const { rules } = letInTo((stack) => [imported(stack, 'A', 'sg-1', false), imported(stack, 'B', 'sg-1')]);
    expect(rules).toHaveLength(1);
  });
});

describe('with a network that the ECS cluster was given in less detail', () => {
  const vpcId = 'vpc-0123456789abcdef0';
  const availabilityZones = ['eu-central-1a', 'eu-central-1b'];

  function nodesIn(theirs: Partial<ec2.VpcAttributes>) {
    const stack = new Stack(new App(), 'Prod');
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId,
      availabilityZones,
      publicSubnetIds: ['public-a', 'public-b'],
      privateSubnetIds: ['private-a', 'private-b'],
    });
    const ecsCluster = ecs.Cluster.fromClusterAttributes(stack, 'Ecs', {
      clusterName: 'platform',
      vpc: ec2.Vpc.fromVpcAttributes(stack, 'Theirs', { vpcId, availabilityZones, ...theirs }),
    });
    new NocoBaseCluster(stack, 'NocoBase', { vpc, ecsCluster, plugins });
    return only(Template.fromStack(stack), 'AWS::ECS::Service').properties.NetworkConfiguration.AwsvpcConfiguration
      .Subnets;
  }

  test.each([{}, { privateSubnetIds: ['other-a', 'other-b'] }])(
    'such as %j nodes are in the subnets of `vpc`',
    (theirs) => {
      expect(nodesIn(theirs)).toEqual(['private-a', 'private-b']);
    },
  );

  test('both may be looked up: the first synthesis passes', () => {
    const app = new App();
    const stack = new Stack(app, 'Prod', { env: { account: '111122223333', region: 'eu-central-1' } });
    const vpc = ec2.Vpc.fromLookup(stack, 'Vpc', { vpcId });
    const ecsCluster = ecs.Cluster.fromClusterAttributes(stack, 'Ecs', {
      clusterName: 'platform',
      vpc: ec2.Vpc.fromVpcAttributes(stack, 'Theirs', { vpcId, availabilityZones }),
    });
    new NocoBaseCluster(stack, 'NocoBase', {
      vpc,
      ecsCluster,
      plugins,
      subnets: { nodes: { subnetGroupName: 'App' }, data: { subnetGroupName: 'Db' } },
    });
    expect(app.synth().manifest.missing).toHaveLength(1);
  });
});

describe('what holds data keeps its ids', () => {
  const ids = (template: Template) =>
    Object.fromEntries(STATEFUL.map((type) => [type, Object.keys(template.findResources(type))]));
  const usual = ids(synthesize().template);

  const within = (scope: Construct, props: Partial<NocoBaseClusterProps> = {}) => {
    const stack = new Stack(scope, 'Prod');
    new NocoBaseCluster(stack, 'NocoBase', { plugins, ...props });
    return stack;
  };

  const KEY_ARN = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

  const inPlatform = (props: (platform: Stack) => Partial<NocoBaseClusterProps>) => {
    const app = new App();
    return Template.fromStack(within(app, props(new Stack(app, 'Platform'))));
  };

  test.each<[string, () => Template]>([
    [
      'in a network of another stack',
      () => inPlatform((platform) => ({ vpc: new ec2.Vpc(platform, 'Vpc', { maxAzs: 3 }) })),
    ],
    ['in a stage', () => Template.fromStack(within(new Stage(new App(), 'Blue')))],
    ['in a given ECS cluster', () => inPlatform((platform) => ({ ecsCluster: new ecs.Cluster(platform, 'Ecs') }))],
    ['with keys of another stack', () => inPlatform((platform) => ({ keys: new GeneratedKeys(platform, 'Keys') }))],
    ['with a KMS key', () => synthesize({ encryptionKey: Key.fromKeyArn(new Stack(), 'Key', KEY_ARN) }).template],
    ['behind another entrance', () => synthesize({ entrance: Entrance.cloudFront() }).template],
    ['while the licence is pending', () => synthesize({ plugins: ClusterPlugins.pending() }).template],
  ])('%s', (_, make) => {
    expect(ids(make())).toEqual(usual);
  });

  test('when another part is of another stack', () => {
    const template = inPlatform((platform) => {
      const vpc = new ec2.Vpc(platform, 'Vpc', { maxAzs: 2 });
      return { vpc, redis: new ValkeyCache(platform, 'Redis', { vpc, vpcSubnets: DATA_SUBNETS }) };
    });
    expect(ids(template)).toEqual({ ...usual, 'AWS::ElastiCache::ReplicationGroup': [] });
  });
});

test('two clusters share what can be shared: network, ECS cluster, key, log group', () => {
  const app = new App();
  const platform = new Stack(app, 'Platform');
  const ecsCluster = new ecs.Cluster(platform, 'Ecs');
  const shared = {
    ecsCluster,
    plugins,
    encryptionKey: new Key(platform, 'Key'),
    logGroup: new LogGroup(platform, 'Logs'),
  };
  const stack = new Stack(app, 'Prod');
  new NocoBaseCluster(stack, 'One', shared);
  new NocoBaseCluster(stack, 'Two', shared);
  expect(() => app.synth()).not.toThrow();
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::ECS::Service', 2);
  template.resourceCountIs('AWS::ECS::Cluster', 0);
  // Where the region is open, the roots of all are carried along: once.
  expect(Object.keys(template.toJSON().Mappings)).toHaveLength(1);
});

test('clusters live in nested stacks, stages and regions of one app', () => {
  const app = new App();
  for (const region of ['eu-central-1', 'us-west-2']) {
    const stage = new Stage(app, `Stage-${region}`, { env: { region, account: '123456789012' } });
    splitStacks(stage);
    new NocoBaseCluster(new NestedStack(new Stack(stage, 'Outer'), 'Inner'), 'NocoBase', { plugins });
  }
  expect(() => app.synth()).not.toThrow();
});

test('a permissions boundary is on every role', () => {
  const app = new App();
  const stack = new Stack(app, 'Prod');
  iam.PermissionsBoundary.of(stack).apply(
    iam.ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'DeveloperBoundary'),
  );
  new NocoBaseCluster(stack, 'NocoBase', { plugins, entrance: Entrance.cloudFront() });
  const roles = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Role'));
  expect(roles.length).toBeGreaterThan(3);
  for (const [id, { Properties }] of roles) {
    expect([id, JSON.stringify(Properties.PermissionsBoundary)]).toEqual([
      id,
      expect.stringContaining('policy/DeveloperBoundary'),
    ]);
  }
});

test('tags reach what is made, and the tasks', () => {
  const { stack } = newCluster();
  Tags.of(stack).add('CostCenter', '4711');
  const template = Template.fromStack(stack);
  const tagged = { Key: 'CostCenter', Value: '4711' };
  for (const type of [...STATEFUL, 'AWS::ECS::Service', 'AWS::ElasticLoadBalancingV2::LoadBalancer']) {
    const { properties } = only(template, type);
    expect([type, properties.Tags ?? properties.FileSystemTags ?? properties.AccessPointTags]).toEqual([
      type,
      expect.arrayContaining([tagged]),
    ]);
  }
  template.hasResourceProperties('AWS::ECS::Service', { PropagateTags: 'SERVICE' });
});

test('aspects of an app reach every resource', () => {
  const { stack } = newCluster();
  Aspects.of(stack).add(new Tag('Aspect', 'yes'));
  RemovalPolicies.of(stack).retain();
  const template = Template.fromStack(stack);
  for (const type of STATEFUL) {
    expect(only(template, type).resource.DeletionPolicy).toBe('Retain');
  }
  template.hasResourceProperties('AWS::RDS::DBInstance', { Tags: Match.arrayWith([{ Key: 'Aspect', Value: 'yes' }]) });
});

test('mixins are applied to what is made', () => {
  class Monitored extends Mixin {
    public override supports(construct: IConstruct): boolean {
      return CfnResource.isCfnResource(construct) && construct.cfnResourceType === 'AWS::RDS::DBInstance';
    }
    public applyTo(construct: IConstruct) {
      (construct as CfnResource).addPropertyOverride('MonitoringInterval', 30);
    }
  }
  const { stack } = newCluster();
  Mixins.of(stack).apply(new Monitored());
  Template.fromStack(stack).hasResourceProperties('AWS::RDS::DBInstance', { MonitoringInterval: 30 });
});

describe('a node', () => {
  test('takes in sidecars and volumes, which start nodes anew', () => {
    const { stack, cluster } = newCluster();
    cluster.web.taskDefinition.addVolume({ name: 'scratch' });
    cluster.web.container.addMountPoints({ sourceVolume: 'scratch', containerPath: '/scratch', readOnly: false });
    cluster.web.taskDefinition.addContainer('Collector', {
      image: ecs.ContainerImage.fromRegistry('public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3'),
      essential: false,
      logging: ecs.LogDrivers.awsLogs({ logGroup: cluster.logGroup, streamPrefix: 'collector' }),
    });
    const template = Template.fromStack(stack);
    const { id, properties } = only(template, 'AWS::ECS::TaskDefinition');
    expect(properties.ContainerDefinitions.map(({ Name }: any) => Name)).toEqual(['NocoBase', 'Collector']);
    expect(id).not.toBe(only(synthesize().template, 'AWS::ECS::TaskDefinition').id);
    template.hasResourceProperties('AWS::ECS::Service', { LoadBalancers: [{ ContainerName: 'NocoBase' }] });
  });

  test('may do what the cluster is granted', () => {
    const app = new App();
    const bucket = new Bucket(new Stack(app, 'Files'), 'Attachments');
    const stack = new Stack(app, 'Prod');
    const cluster = new NocoBaseCluster(stack, 'NocoBase', { plugins });
    bucket.grantReadWrite(cluster);
    expect(() => app.synth()).not.toThrow();
    const policies = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    const [[id]] = policies.filter(([, policy]) => JSON.stringify(policy).includes('s3:PutObject'));
    expect(id).toContain('WebTaskDefinitionTaskRole');
  });

  test('is injected what else it needs, also with a Secret and a key of another stack', () => {
    const app = new App();
    const platform = new Stack(app, 'Platform');
    const secret = new Secret(platform, 'Smtp', { encryptionKey: new Key(platform, 'Key') });
    const stack = new Stack(app, 'Prod');
    new NocoBaseCluster(stack, 'NocoBase', {
      plugins,
      environment: { INIT_APP_LANG: 'de-DE' },
      secrets: { SMTP_PASSWORD: StoredSecret.inSecretsManager(secret, 'password') },
    });
    expect(() => app.synth()).not.toThrow();
    const { Secrets, Environment } = container(Template.fromStack(stack));
    expect(Environment).toContainEqual({ Name: 'INIT_APP_LANG', Value: 'de-DE' });
    expect(Secrets.find(({ Name }: any) => Name === 'SMTP_PASSWORD')).toBeDefined();
  });

  test('logs where it is told to', () => {
    const app = new App();
    const logGroup = new LogGroup(new Stack(app, 'Platform'), 'Logs');
    const stack = new Stack(app, 'Prod');
    new NocoBaseCluster(stack, 'NocoBase', { plugins, logGroup });
    const template = Template.fromStack(stack);
    const { Options } = container(template).LogConfiguration;
    expect(JSON.stringify(Options['awslogs-group'])).toContain('Platform:ExportsOutputRefLogs');
    expect(() => newCluster({ logGroup, logRetention: 7 })).toThrow(
      '`logRetention` has no meaning together with a `logGroup` of your own.',
    );
  });
});
