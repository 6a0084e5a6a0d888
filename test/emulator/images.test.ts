import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { LocalAws } from './local-aws';

// Where the image of a node comes from: ECR, what ECR fetches from elsewhere, a private registry, a Dockerfile.

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveImage('web', '1');
});
afterAll(() => aws?.stop());

interface Where {
  /** Without a NAT gateway, with all that ECR needs instead. */
  readonly isolated?: boolean;
}

function nodes(app: App, image: (stack: Stack) => ecs.ContainerImage, { isolated = false }: Where = {}) {
  const stack = new Stack(app, 'Images');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: isolated ? 0 : 1 });
  if (isolated) {
    vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    vpc.addInterfaceEndpoint('Ecr', { service: ec2.InterfaceVpcEndpointAwsService.ECR });
    vpc.addInterfaceEndpoint('Docker', { service: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER });
  }
  const task = new ecs.FargateTaskDefinition(stack, 'Task', { cpu: 512, memoryLimitMiB: 1024 });
  task.addContainer('web', { image: image(stack) });
  const service = new ecs.FargateService(stack, 'Service', {
    cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
    taskDefinition: task,
    minHealthyPercent: 100,
    vpcSubnets: { subnetType: isolated ? ec2.SubnetType.PRIVATE_ISOLATED : ec2.SubnetType.PRIVATE_WITH_EGRESS },
  });
  service.node.addDependency(stack.node.findChild('Vpc'), task);
  return { stack, task };
}

const fromEcr = (name: string, tag: string) => (stack: Stack) =>
  ecs.ContainerImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Repository', name), tag);

/** An image of Docker Hub by a rule of ECR, with the permissions that nodes need for it. */
const cached =
  (change: Partial<ecr.CfnPullThroughCacheRuleProps> = {}, secret = '{"username":"ada","accessToken":"t"}') =>
  (stack: Stack) => {
    const name = 'ecr-pullthroughcache/docker-hub';
    const credentials = new secretsmanager.CfnSecret(stack, 'DockerHub', { name, secretString: secret });
    new ecr.CfnPullThroughCacheRule(stack, 'Rule', {
      ecrRepositoryPrefix: 'docker-hub',
      upstreamRegistryUrl: 'registry-1.docker.io',
      credentialArn: credentials.ref,
      ...change,
    });
    return fromEcr('docker-hub/library/nginx', '1.29')(stack);
  };

function mayImport({ stack, task }: ReturnType<typeof nodes>) {
  const actions = ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'];
  const resources = [stack.formatArn({ service: 'ecr', resource: 'repository', resourceName: 'docker-hub/*' })];
  task.addToExecutionRolePolicy(new iam.PolicyStatement({ actions, resources }));
  const waits = stack.node.findChild('Service').node.defaultChild as ecs.CfnService;
  waits.addResourceDependency(stack.node.findChild('Rule') as ecr.CfnPullThroughCacheRule);
}

const privately =
  (value: string, name?: string) =>
  (stack: Stack): ecs.ContainerImage => {
    const made = new secretsmanager.CfnSecret(stack, 'Registry', { secretString: value }).ref;
    const credentials = name
      ? secretsmanager.Secret.fromSecretNameV2(stack, 'Given', name)
      : secretsmanager.Secret.fromSecretCompleteArn(stack, 'Given', made);
    return ecs.ContainerImage.fromRegistry('registry.example.com/web:1', { credentials });
  };

test('an image is built from a Dockerfile, and pushed where the nodes find it', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'image-'));
  fs.writeFileSync(path.join(directory, 'Dockerfile'), 'FROM nocobase/nocobase:2.2.15\n');
  await aws.bootstrap();
  const { output } = await aws.deploy(
    aws.synthesize((app) => void nodes(app, () => ecs.ContainerImage.fromAsset(directory))),
  );
  expect(output).toMatch(/Images: success: Published/);
  fs.rmSync(directory, { recursive: true });
});

test.each<[string, Parameters<typeof nodes>[1], (parts: ReturnType<typeof nodes>) => void]>([
  ['ECR', fromEcr('web', '1'), () => {}],
  ['Docker Hub by a rule of ECR', cached(), mayImport],
  ['a private registry', privately('{"username":"ada","password":"p"}'), () => {}],
])('nodes get their image from %s', async (_, image, change) => {
  expect(await aws.tryCreate((app) => change(nodes(app, image)))).toEqual({ status: 'CREATE_COMPLETE', why: '' });
  expect(await aws.tryDelete()).toEqual({ status: 'DELETE_COMPLETE', why: '' });
});

describe('nodes do not get an image', () => {
  const nothing = () => {};

  test.each<[string, Parameters<typeof nodes>[1], (parts: ReturnType<typeof nodes>) => void, RegExp, ...Where[]]>([
    ['of a tag that is not there', fromEcr('web', '2'), nothing, /CannotPullContainerError: \S+\/web:2: not found/],
    [
      'of a repository that is not there',
      fromEcr('wab', '1'),
      nothing,
      /CannotPullContainerError: \S+\/wab:1: not found/,
    ],
    [
      'that they may not pull',
      fromEcr('web', '1'),
      ({ task }) => {
        const policy = task.executionRole!.node.findChild('DefaultPolicy').node.defaultChild as iam.CfnPolicy;
        policy.addPropertyOverride('PolicyDocument.Statement.0.Action', 'ecr:BatchGetImage');
      },
      /is not authorized to perform ecr:BatchCheckLayerAvailability/,
    ],
    [
      'that ECR is to fetch for them, without the permission to import it',
      cached(),
      (parts) => {
        mayImport(parts);
        const policy = parts.task.executionRole!.node.findChild('DefaultPolicy').node.defaultChild as iam.CfnPolicy;
        policy.addPropertyOverride('PolicyDocument.Statement.2.Action', 'ecr:CreateRepository');
      },
      /is not authorized to perform ecr:BatchImportUpstreamImage/,
    ],
    [
      'that ECR is to fetch for the first time, by endpoints alone',
      cached(),
      mayImport,
      /unable to pull the image \S+ by the rule docker-hub for the first time: the subnet \S+ has no route to it/,
      { isolated: true },
    ],
    [
      'by a rule that does not say who asks at Docker Hub',
      cached({ credentialArn: undefined }),
      mayImport,
      /The upstream registry docker-hub needs CredentialArn/,
    ],
    [
      'by a rule with half of the credentials',
      cached({}, '{"username":"ada","password":"t"}'),
      mayImport,
      /must have username and accessToken: accessToken is missing/,
    ],
    [
      'by a rule for a registry that ECR does not know',
      cached({ upstreamRegistryUrl: 'docker.io' }),
      mayImport,
      /The specified upstream registry URL is not supported: docker\.io/,
    ],
    [
      'of a registry with half of the credentials',
      privately('{"username":"ada"}'),
      nothing,
      /must be a JSON object with username and password: password is missing/,
    ],
    [
      'of a registry whose credentials are not there',
      privately('{}', 'nobody'),
      nothing,
      /unable to retrieve the credentials of the container web .*nobody/,
    ],
    [
      'of a registry whose credentials they may not read',
      privately('{"username":"ada","password":"p"}'),
      ({ task }) => {
        const policy = task.executionRole!.node.findChild('DefaultPolicy').node.defaultChild as iam.CfnPolicy;
        policy.addPropertyOverride('PolicyDocument.Statement.0.Action', 'secretsmanager:DescribeSecret');
      },
      /is not authorized to perform secretsmanager:GetSecretValue on the credentials of the container web/,
    ],
  ])('%s', async (_, image, change, message, ...[where]) => {
    const { status, why } = await aws.tryCreate((app) => change(nodes(app, image, where)));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});

test('what has no Dockerfile is not published', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'image-'));
  fs.writeFileSync(path.join(directory, 'Dockerfile'), '# nothing\n');
  const assembly = aws.synthesize((app) => void nodes(app, () => ecs.ContainerImage.fromAsset(directory)));
  const { exitCode, output } = await aws.tryDeploy(assembly);
  expect(output).toMatch(/no build stage in/);
  expect(exitCode).toBe(1);
  fs.rmSync(directory, { recursive: true });
});
