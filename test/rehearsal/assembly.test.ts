import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App } from 'aws-cdk-lib';
import { DEPLOYMENTS } from '../critical-path/deployments';
import type { Resource, Template } from '../critical-path/template';
import { Assembly } from './assembly';

let directory: string;
let file: string;
let original: string;

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'assembly-'));
  const app = new App({ outdir: directory });
  DEPLOYMENTS.minimal(app);
  file = app.synth().stacks[0].templateFullPath;
  original = fs.readFileSync(file, 'utf8');
});

afterAll(() => fs.rmSync(directory, { recursive: true }));

/** The assembly after a change to the resource of a type. */
function changed(type: string, change: (resource: Resource, template: Template) => void): Assembly {
  const template: Template = JSON.parse(original);
  const found = Object.values(template.Resources).find((resource) => resource.Type === type);
  change(found!, template);
  fs.writeFileSync(file, JSON.stringify(template));
  const assembly = Assembly.in(directory);
  assembly.connect({ database: 5001, redis: 5002, queue: 5003 });
  return assembly;
}

const asItIs = () => changed('AWS::ECS::Service', () => {});

test('the endpoints of the managed services are those of this machine', () => {
  const { environment } = asItIs().nodes();
  expect(environment).toMatchObject({ DB_HOST: 'localhost', DB_PORT: '5001' });
  expect(new URL(environment.REDIS_URL)).toMatchObject({ protocol: 'rediss:', hostname: 'localhost', port: '5002' });
  expect(new URL(environment.QUEUE_ADAPTER_RABBITMQ_URL)).toMatchObject({ protocol: 'amqps:', port: '5003' });
});

test('what several places say of a Secret is one value', () => {
  const assembly = asItIs();
  const { environment } = assembly.nodes();
  expect(environment.DB_PASSWORD).toBe(assembly.only('AWS::RDS::DBInstance').MasterUserPassword);
  const { AuthToken } = assembly.only('AWS::ElastiCache::ReplicationGroup');
  expect(decodeURIComponent(new URL(environment.REDIS_URL).password)).toBe(AuthToken);
  const [{ Password }] = assembly.only('AWS::AmazonMQ::Broker').Users;
  expect(decodeURIComponent(new URL(environment.QUEUE_ADAPTER_RABBITMQ_URL).password)).toBe(Password);
});

test('the numbers of the load balancer are those of the target group', () => {
  const assembly = changed('AWS::ElasticLoadBalancingV2::TargetGroup', ({ Properties }) => {
    Object.assign(Properties!, {
      HealthCheckPath: '/elsewhere',
      HealthCheckIntervalSeconds: 7,
      HealthCheckTimeoutSeconds: 6,
      HealthyThresholdCount: 9,
      UnhealthyThresholdCount: 8,
      Matcher: { HttpCode: '418' },
    });
  });
  expect(assembly.loadBalancer()).toMatchObject({
    path: '/elsewhere',
    matcher: '418',
    interval: 7000,
    timeout: 6000,
    healthyThreshold: 9,
    unhealthyThreshold: 8,
  });
});

test('the command and the stop time-out are those of the task definition', () => {
  const assembly = changed('AWS::ECS::TaskDefinition', ({ Properties }) => {
    Object.assign(Properties!.ContainerDefinitions[0], { Command: ['sleep', '1'], StopTimeout: 17 });
  });
  expect(assembly.nodes()).toMatchObject({ command: ['sleep', '1'], stopTimeout: 17_000 });
});

test('a service that says nothing begins with one node; one that says a number begins with that', () => {
  expect(asItIs().nodes()).toMatchObject({ firstNodes: 1, minNodes: 2, maxNodes: 4 });
  const assembly = changed('AWS::ECS::Service', ({ Properties }) => Object.assign(Properties!, { DesiredCount: 3 }));
  expect(assembly.nodes().firstNodes).toBe(3);
});

test('the variable of a Secret that is not there is named', () => {
  const assembly = changed('AWS::ECS::TaskDefinition', ({ Properties }) => {
    const { Secrets } = Properties!.ContainerDefinitions[0];
    Secrets.find(({ Name }: { Name: string }) => Name === 'APP_KEY').ValueFrom =
      'arn:aws:secretsmanager:eu-central-1:123456789012:secret:somebody-elses-abcdef';
  });
  expect(() => assembly.nodes()).toThrow(/^APP_KEY is injected from .*somebody-elses-abcdef, which is not there/);
});

test('a reference that means nothing on this machine is an error with resource and property', () => {
  const assembly = changed('AWS::ECS::TaskDefinition', ({ Properties }, { Resources }) => {
    const database = Object.keys(Resources).find((id) => Resources[id].Type === 'AWS::RDS::DBInstance');
    const { Environment } = Properties!.ContainerDefinitions[0];
    Environment.push({ Name: 'X', Value: { 'Fn::GetAtt': [database, 'MasterUserSecret.KmsKeyId.Nothing'] } });
  });
  expect(() => assembly.nodes()).toThrow(
    /\(AWS::ECS::TaskDefinition\)\.ContainerDefinitions\.0\.Environment\.\d+\.Value cannot be resolved: this machine has nothing for .*MasterUserSecret/,
  );
});

test('a single node is no cluster', () => {
  const single = changed('AWS::ApplicationAutoScaling::ScalableTarget', ({ Properties }) => {
    Object.assign(Properties!, { MinCapacity: 1, MaxCapacity: 1 });
  });
  expect(() => single.nodes()).toThrow(/one node only/);
});

test('an image without a version is refused', () => {
  const assembly = changed('AWS::ECS::TaskDefinition', ({ Properties }) => {
    Properties!.ContainerDefinitions[0].Image = 'nocobase/nocobase:latest';
  });
  expect(() => assembly.version()).toThrow(/nocobase\/nocobase:latest names none/);
});

test('nodes wait for the preflight check, and would not without its dependency', () => {
  const waits = (assembly: Assembly) => assembly.waitsFor('AWS::ECS::Service', 'Custom::NocoBasePreflight');
  expect(waits(asItIs())).toBe(true);
  const independent = changed('AWS::ECS::Service', (_, { Resources }) => {
    for (const resource of Object.values(Resources)) Object.assign(resource, { DependsOn: undefined });
  });
  expect(waits(independent)).toBe(false);
});

test('a key can be another, for what the preflight check says of it', () => {
  const assembly = asItIs();
  const [{ SecretArn, JsonField }] = assembly.only('Custom::NocoBasePreflight').Checks;
  const other = assembly.withSecret(SecretArn, JsonField, 'mine');
  expect(other.secretValue(SecretArn)).toContain('mine');
  expect(assembly.secretValue(SecretArn)).not.toContain('mine');
});
