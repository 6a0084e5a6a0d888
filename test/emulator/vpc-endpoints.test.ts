import { DescribeVpcEndpointsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { type App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { LocalAws } from './local-aws';

// Nodes in subnets without a NAT gateway: what they can reach, and what is said of what they cannot.

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveImage('web', '1');
});
afterAll(() => aws?.stop());

const { ECR, ECR_DOCKER, CLOUDWATCH_LOGS, SECRETS_MANAGER, SSM } = ec2.InterfaceVpcEndpointAwsService;
const INTERFACES = { Ecr: ECR, Docker: ECR_DOCKER, Logs: CLOUDWATCH_LOGS, Secrets: SECRETS_MANAGER, Ssm: SSM };

interface Closed {
  readonly interfaces?: { [id: string]: ec2.InterfaceVpcEndpointAwsService };
  readonly s3?: boolean;
  readonly natGateways?: number;
  /** What the service says that it needs; its tasks do, and no reference in the template says so. */
  readonly waitFor?: string[];
}

/** A service whose tasks read a Secret and a parameter, and write logs. */
function closed(app: App, { interfaces = INTERFACES, s3 = true, natGateways = 0, waitFor = ['Vpc', 'Task'] }: Closed) {
  const stack = new Stack(app, 'Closed');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways, restrictDefaultSecurityGroup: false });
  const endpoints = Object.entries(interfaces).map(([id, service]) => vpc.addInterfaceEndpoint(id, { service }));
  const objects = s3 ? vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 }) : undefined;

  const task = new ecs.FargateTaskDefinition(stack, 'Task', { cpu: 512, memoryLimitMiB: 1024 });
  const container = task.addContainer('web', {
    image: ecs.ContainerImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Repository', 'web'), '1'),
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'web' }),
    secrets: {
      KEY: ecs.Secret.fromSecretsManager(new secretsmanager.Secret(stack, 'Secret')),
      MODE: ecs.Secret.fromSsmParameter(new ssm.StringParameter(stack, 'Parameter', { stringValue: 'x' })),
    },
  });
  const service = new ecs.FargateService(stack, 'Service', {
    cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
    taskDefinition: task,
    minHealthyPercent: 100,
    vpcSubnets: { subnetType: natGateways ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED },
  });
  service.node.addDependency(...waitFor.map((id) => stack.node.findChild(id)));
  return { stack, vpc, endpoints, objects, task, container, service };
}

const attempt = (props: Closed, change: (parts: ReturnType<typeof closed>) => void = () => {}) =>
  aws.tryCreate((app) => change(closed(app, props)));

const without = (...ids: string[]) =>
  Object.fromEntries(Object.entries(INTERFACES).filter(([id]) => !ids.includes(id)));

const cfn = (endpoint: ec2.VpcEndpoint) => endpoint.node.defaultChild as ec2.CfnVPCEndpoint;

test('nodes start where there is an endpoint of all that ECS needs for them', async () => {
  expect(await attempt({})).toEqual({ status: 'CREATE_COMPLETE', why: '' });
  const { VpcEndpoints } = await aws.client(EC2Client).send(new DescribeVpcEndpointsCommand({}));
  expect(VpcEndpoints!.map(({ ServiceName, VpcEndpointType }) => `${VpcEndpointType} ${ServiceName}`).sort()).toEqual(
    [
      ...['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager', 'ssm'].map(
        (name) => `Interface com.amazonaws.eu-central-1.${name}`,
      ),
      'Gateway com.amazonaws.eu-central-1.s3',
    ].sort(),
  );
});

test('or by a NAT gateway, with one endpoint beside it', async () => {
  const { why } = await attempt({ natGateways: 1, interfaces: { Secrets: SECRETS_MANAGER }, s3: false });
  expect(why).toBe('');
});

describe('nodes do not start', () => {
  test.each<[string, Closed, (parts: ReturnType<typeof closed>) => void, RegExp]>([
    [
      'without the endpoint of the API of ECR',
      { interfaces: without('Ecr') },
      () => {},
      /unable to pull the image .*\/web:1: the subnet subnet-\w+ has no route to it, and there is no endpoint with private DNS of com\.amazonaws\.eu-central-1\.ecr\.api in vpc-/,
    ],
    [
      'without that of its registry',
      { interfaces: without('Docker') },
      () => {},
      /no endpoint .*eu-central-1\.ecr\.dkr in/,
    ],
    [
      'without a way to the layers in S3',
      { s3: false },
      () => {},
      /no gateway endpoint of com\.amazonaws\.eu-central-1\.s3/,
    ],
    [
      'without that of the logs',
      { interfaces: without('Logs') },
      () => {},
      /unable to write the logs of .* no endpoint .*\.logs in/,
    ],
    [
      'without those of Secrets and parameters, both of which are named',
      { interfaces: without('Secrets', 'Ssm') },
      () => {},
      /secret KEY .* no endpoint .*\.secretsmanager in .*; unable to retrieve the secret MODE .* no endpoint .*\.ssm in/,
    ],
    [
      'without private DNS',
      {},
      ({ endpoints: [api] }) => {
        cfn(api).privateDnsEnabled = false;
      },
      /no endpoint with private DNS of com\.amazonaws\.eu-central-1\.ecr\.api/,
    ],
    [
      'where the endpoints let somebody else in',
      {},
      ({ endpoints }) => {
        const logs = endpoints[2].connections.securityGroups[0].node.defaultChild as ec2.CfnSecurityGroup;
        logs.securityGroupIngress = [{ ipProtocol: 'tcp', fromPort: 443, toPort: 443, cidrIp: '10.1.0.0/16' }];
      },
      /the endpoint of com\.amazonaws\.eu-central-1\.logs, is not reached: the security groups let nothing through on TCP port 443/,
    ],
    [
      'even with a NAT gateway, where an endpoint lets nobody in',
      { natGateways: 1 },
      ({ endpoints }) => {
        const secrets = endpoints[3].connections.securityGroups[0].node.defaultChild as ec2.CfnSecurityGroup;
        secrets.securityGroupIngress = undefined;
      },
      /the endpoint of com\.amazonaws\.eu-central-1\.secretsmanager, is not reached/,
    ],
    [
      'where they are let out to the endpoints and not to S3',
      {},
      ({ stack, vpc, service }) => {
        const group = new ec2.SecurityGroup(stack, 'Group', { vpc, allowAllOutbound: false });
        group.connections.allowTo(ec2.Peer.ipv4(vpc.vpcCidrBlock), ec2.Port.tcp(443));
        const node = service.node.defaultChild as ecs.CfnService;
        node.addPropertyOverride('NetworkConfiguration.AwsvpcConfiguration.SecurityGroups', [group.securityGroupId]);
      },
      /let nothing out to com\.amazonaws\.eu-central-1\.s3 on TCP port 443/,
    ],
    [
      'where the policy of the endpoint of S3 is about other buckets',
      {},
      ({ objects }) =>
        objects!.addToPolicy(
          new iam.PolicyStatement({
            principals: [new iam.AnyPrincipal()],
            actions: ['s3:GetObject'],
            resources: ['arn:aws:s3:::mine/*'],
          }),
        ),
      /the policy of vpce-\w+ does not allow s3:GetObject on arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/,
    ],
    [
      'with an image of Docker Hub, to which no endpoint leads',
      {},
      ({ task }) =>
        (task.node.defaultChild as ecs.CfnTaskDefinition).addPropertyOverride('ContainerDefinitions.0.Image', 'nginx'),
      /unable to pull the image nginx: the subnet subnet-\w+ has no route to it$/,
    ],
    [
      'that do not wait for the endpoints',
      { waitFor: ['Task'] },
      () => {},
      /has no route to it|needs \w+ without depending on it/,
    ],
  ])('%s', async (_, props, change, message) => {
    const { status, why } = await attempt(props, change);
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});

describe('an endpoint is refused', () => {
  const { S3 } = ec2.GatewayVpcEndpointAwsService;

  test.each<[string, (vpc: ec2.Vpc) => void, RegExp]>([
    [
      'that is the second one with private DNS of a service',
      (vpc) => {
        for (const id of ['First', 'Second']) vpc.addInterfaceEndpoint(id, { service: SECRETS_MANAGER });
      },
      /private-dns-enabled cannot be set because there is already a conflicting DNS domain for com\.amazonaws\.eu-central-1\.secretsmanager/,
    ],
    [
      'with private DNS where the VPC has no names',
      (vpc) => {
        vpc.addInterfaceEndpoint('Logs', { service: CLOUDWATCH_LOGS });
        (vpc.node.defaultChild as ec2.CfnVPC).enableDnsHostnames = false;
      },
      /Enabling private DNS requires both enableDnsSupport and enableDnsHostnames/,
    ],
    [
      'of a service that has none',
      (vpc) =>
        vpc.addInterfaceEndpoint('Hub', {
          service: new ec2.InterfaceVpcEndpointService('com.amazonaws.eu-central-1.docker'),
        }),
      /The Vpc Endpoint Service 'com\.amazonaws\.eu-central-1\.docker' does not exist/,
    ],
    [
      'of another region',
      (vpc) =>
        vpc.addInterfaceEndpoint('Logs', {
          service: new ec2.InterfaceVpcEndpointService('com.amazonaws.us-east-1.logs'),
        }),
      /us-east-1\.logs' does not exist/,
    ],
    [
      'of the wrong type',
      (vpc) => {
        cfn(vpc.addInterfaceEndpoint('Logs', { service: CLOUDWATCH_LOGS })).vpcEndpointType = 'Gateway';
      },
      /Endpoint type \(Gateway\) does not match available service types \(\[Interface\]\)/,
    ],
    [
      'that has two subnets in one zone',
      (vpc) => {
        const endpoint = cfn(vpc.addInterfaceEndpoint('Logs', { service: CLOUDWATCH_LOGS }));
        endpoint.subnetIds = [vpc.publicSubnets[0].subnetId, vpc.isolatedSubnets[0].subnetId];
      },
      /Found another VPC endpoint subnet in the availability zone of subnet-/,
    ],
    [
      'that is the second gateway of a route table',
      (vpc) => {
        for (const id of ['First', 'Second']) vpc.addGatewayEndpoint(id, { service: S3 });
      },
      /route table rtb-\w+ already has a route to com\.amazonaws\.eu-central-1\.s3/,
    ],
  ])('%s', async (_, add, message) => {
    const { status, why } = await aws.tryCreate((app) => {
      const vpc = new ec2.Vpc(new Stack(app, 'Vpc'), 'Vpc', {
        maxAzs: 2,
        natGateways: 0,
        restrictDefaultSecurityGroup: false,
      });
      add(vpc);
    });
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});
