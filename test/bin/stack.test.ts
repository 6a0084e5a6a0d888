import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type Destination, parseConfiguration } from '../../bin/configuration';
import { NocoBaseStack } from '../../bin/stack';
import cdkJson from '../../cdk.json';
import { environment, only, render } from '../cluster-fixture';

const DESTINATION = { account: '111122223333', region: 'eu-central-1' };

interface Run {
  readonly block?: object;
  readonly commandLine?: object;
  readonly destination?: Destination;
}

/** What the app makes of the committed cdk.json, with what a test changes about it. */
function stackOf({ block = {}, commandLine = {}, destination = {} }: Run = {}): NocoBaseStack {
  const { nocobase, ...flags } = cdkJson.context;
  const app = new App({ context: flags });
  return new NocoBaseStack(
    app,
    parseConfiguration({ nocobase: { ...nocobase, ...block }, ...commandLine }, destination),
  );
}

function templateOf(run: Run = {}): Template {
  return Template.fromStack(stackOf(run));
}

describe('with the committed configuration', () => {
  let stack: NocoBaseStack;
  let template: Template;
  beforeAll(() => {
    stack = stackOf();
    template = Template.fromStack(stack);
  });

  test('two or more nodes run with the licence of the Secret', () => {
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 2, MaxCapacity: 4 });
    expect(environment(template)).toMatchObject({ LAUNCHER_LICENSE: 'required', LAUNCHER_NODES: 'many' });
    expect(template.toJSON().Outputs.LicenseSecret.Value).toBe('nocobase-license');
  });

  test('users come in by HTTPS', () => {
    expect(render(template.toJSON().Outputs.Url.Value)).toMatch(/^https:\/\/<\w+\.DomainName>\/$/);
  });

  test('the outputs have plain names', () => {
    expect(Object.keys(template.toJSON().Outputs).sort()).toEqual([
      'ClusterName',
      'DatabaseInstance',
      'LicenseSecret',
      'LogGroup',
      'MaintenanceStateMachine',
      'RootPasswordSecret',
      'ServiceName',
      'Url',
    ]);
  });

  test('the stack is for no account and region in particular', () => {
    expect(stack.environment).toBe('aws://unknown-account/unknown-region');
  });
});

describe('while the licence is pending', () => {
  test('one node runs, whatever the sizes are for later', () => {
    const template = templateOf({
      block: { profile: 'production', web: { minNodes: 3, maxNodes: 6, cpu: 4096, memoryLimitMiB: 8192 } },
      commandLine: { license: 'pending' },
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 1, MaxCapacity: 1 });
    // How large a node is has nothing to do with the licence.
    template.hasResourceProperties('AWS::ECS::TaskDefinition', { Cpu: '4096', Memory: '8192' });
  });

  test('the next step is told in terms of cdk.json, for the region of the stack', () => {
    const template = templateOf({
      block: { license: 'my-license-key', rootEmail: 'me@example.com' },
      commandLine: { license: 'pending' },
      destination: DESTINATION,
    });
    const nextStep = template
      .toJSON()
      .Outputs.NextStep.Value['Fn::Join'][1].filter((part: unknown) => typeof part === 'string');
    expect(nextStep.join('…')).toContain('sign in as me@example.com');
    expect(nextStep.join('…')).toContain(
      'aws secretsmanager create-secret --region eu-central-1 --name my-license-key --secret-string file://license-key.txt',
    );
    expect(nextStep.join('…')).toContain('Deploy with "license": "my-license-key" in cdk.json');
  });

  test('nothing that holds data changes when the licence comes', () => {
    const stateful = (template: Template) =>
      Object.entries(template.toJSON().Resources).filter(([, { Type }]: any) =>
        /^AWS::(RDS|ElastiCache|AmazonMQ|EFS|EC2::VPC)/.test(Type),
      );
    // But for the check before them, whose id says what it checks.
    const plain = (template: Template) =>
      JSON.stringify(stateful(template)).replace(/(PreflightCheck[0-9A-F]{8})[0-9a-f]{16}/g, '$1');
    expect(stateful(templateOf()).length).toBeGreaterThan(5);
    expect(plain(templateOf({ commandLine: { license: 'pending' } }))).toBe(plain(templateOf()));
  });
});

test('the production profile is in the template', () => {
  const stack = stackOf({ block: { profile: 'production' } });
  const template = Template.fromStack(stack);
  expect(stack.terminationProtection).toBe(true);
  template.resourceCountIs('AWS::EC2::NatGateway', 2);
  template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 2, MaxCapacity: 8 });
  template.hasResourceProperties('AWS::RDS::DBInstance', { DBInstanceClass: 'db.m7g.large', MultiAZ: true });
  template.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', { CacheNodeType: 'cache.m7g.large' });
  template.hasResourceProperties('AWS::AmazonMQ::Broker', {
    HostInstanceType: 'mq.m7g.large',
    DeploymentMode: 'CLUSTER_MULTI_AZ',
  });
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    LoadBalancerAttributes: Match.arrayWith([{ Key: 'deletion_protection.enabled', Value: 'true' }]),
  });
});

test('every other key reaches what it is for', () => {
  const stack = stackOf({
    block: {
      stackName: 'Wiki',
      cpuArchitecture: 'x86_64',
      database: { backupRetentionDays: 30, deletionProtection: false, snapshotBeforeUpgrade: true },
      timeZone: 'Europe/Berlin',
      environment: { INIT_APP_LANG: 'de-DE' },
      logRetentionDays: 90,
      upgradeTimeoutMinutes: 30,
      upgradeTries: 3,
      version: '2.2.15',
      allowOnMigratedDatabase: 'nocobase/nocobase:2.2.15',
      allowChangedKeys: true,
      maintenanceAlarmHours: 8,
      enableExecuteCommand: true,
      terminationProtection: true,
      tags: { CostCenter: '4711' },
    },
  });
  const template = Template.fromStack(stack);
  expect(stack.stackName).toBe('Wiki');
  expect(stack.terminationProtection).toBe(true);
  expect(stack.tags.tagValues()).toEqual({ CostCenter: '4711' });
  template.hasResourceProperties('AWS::ECS::TaskDefinition', { RuntimePlatform: { CpuArchitecture: 'X86_64' } });
  template.hasResourceProperties('AWS::RDS::DBInstance', { BackupRetentionPeriod: 30, DeletionProtection: false });
  template.resourceCountIs('Custom::NocoBaseSnapshot', 1);
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { Period: 3600, EvaluationPeriods: 8 });
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  template.hasResourceProperties('AWS::ECS::Service', { EnableExecuteCommand: true });
  expect(environment(template)).toMatchObject({
    TZ: 'Europe/Berlin',
    INIT_APP_LANG: 'de-DE',
    LAUNCHER_UPGRADE_TIMEOUT: '1800',
    LAUNCHER_UPGRADE_TRIES: '3',
    LAUNCHER_ON_MIGRATED_DATABASE: 'nocobase/nocobase:2.2.15',
    LAUNCHER_CHANGED_KEYS: 'allowed',
  });
});

describe('the image is', () => {
  const imageIn = (template: Template) =>
    only(template, 'AWS::ECS::TaskDefinition').properties.ContainerDefinitions[0].Image;

  test('the official one of the version', () => {
    expect(imageIn(templateOf({ block: { version: '2.2.15-full' } }))).toBe('nocobase/nocobase:2.2.15-full');
  });

  test('one in a registry', () => {
    const image = 'registry.example.com/nocobase:2.2.15';
    expect(imageIn(templateOf({ block: { image } }))).toBe(image);
  });

  test('one in ECR that carries the plug-ins, which nodes may pull', () => {
    const template = templateOf({
      block: {
        license: undefined,
        plugins: 'preinstalled',
        image: '444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/nocobase:2.2.15',
      },
    });
    expect(JSON.stringify(imageIn(template))).toMatch(/444455556666\.dkr\.ecr\.eu-west-1.*team\/nocobase:2\.2\.15/);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['ecr:BatchGetImage']) })]),
      },
    });
    expect(environment(template)).not.toHaveProperty('LAUNCHER_LICENSE');
  });
});

describe('the entrance is', () => {
  test('a domain, without a lookup', () => {
    const template = templateOf({
      block: {
        entrance: {
          type: 'domain',
          domainName: 'nocobase.example.com',
          hostedZoneId: 'Z0123456789',
          hostedZoneName: 'example.com',
        },
      },
    });
    template.hasResourceProperties('AWS::Route53::RecordSet', {
      Name: 'nocobase.example.com.',
      HostedZoneId: 'Z0123456789',
    });
    expect(template.toJSON().Outputs.Url.Value).toBe('https://nocobase.example.com/');
  });

  test('a certificate', () => {
    const certificateArn = 'arn:aws:acm:eu-central-1:111122223333:certificate/1';
    const entrance = { type: 'certificate', domainName: 'nocobase.example.com', certificateArn };
    templateOf({ block: { entrance } }).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Certificates: [{ CertificateArn: certificateArn }],
    });
  });

  test('plain HTTP for the ranges given', () => {
    const template = templateOf({ block: { entrance: { type: 'http', allowedCidrs: ['203.0.113.7/32'] } } });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '203.0.113.7/32', FromPort: 80 })],
    });
  });
});

describe('somebody who is signed in', () => {
  test('gets a stack for the region of the profile and, without a VPC to look up, the same on every laptop', () => {
    const stack = stackOf({ destination: DESTINATION });
    expect(stack.environment).toBe('aws://unknown-account/eu-central-1');
    expect(stack.cluster.vpc.availabilityZones).toHaveLength(2);
    // Lookups would be in cdk.context.json of one laptop and not in that of another.
    expect(App.of(stack)?.synth().manifest.missing).toBeUndefined();
  });

  test('gets the VPC that vpcId names looked up', () => {
    const stack = stackOf({ block: { vpcId: 'vpc-12345678' }, destination: DESTINATION });
    expect(stack.environment).toBe('aws://111122223333/eu-central-1');
    Template.fromStack(stack).resourceCountIs('AWS::EC2::VPC', 0);
    expect(App.of(stack)?.synth().manifest.missing).toMatchObject([
      { provider: 'vpc-provider', props: { filter: { 'vpc-id': 'vpc-12345678' } } },
    ]);
  });
});

test('keys of a NocoBase that there was before are taken from their Secret', () => {
  const template = Template.fromStack(stackOf({ block: { keys: 'nocobase-keys' } }));
  const { Checks } = only(template, 'Custom::NocoBasePreflight').properties;
  expect(Checks.map(({ Variable, JsonField }: any) => [Variable, JsonField])).toEqual(
    expect.arrayContaining([
      ['APP_KEY', 'APP_KEY'],
      ['APP_AES_SECRET_KEY', 'APP_AES_SECRET_KEY'],
    ]),
  );
  // The first administrator's password is generated all the same.
  const generated = Object.values(template.findResources('AWS::SecretsManager::Secret')).map(
    ({ Properties }) => Properties.Description,
  );
  expect(generated.filter((description) => /APP_KEY|AES/.test(description))).toEqual([]);
});
