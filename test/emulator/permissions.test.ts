import { type App, type CfnResource, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { LocalAws } from './local-aws';

// What nodes may do: by their roles, within a boundary, and as a file system that is there says.

const MOUNT = ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite', 'elasticfilesystem:ClientRootAccess'];

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
});
afterAll(() => aws?.stop());

interface Files {
  /** What the policy of the file system says. */
  readonly statement?: Partial<iam.PolicyStatementProps>;
  readonly authorization?: ecs.AuthorizationConfig;
  readonly transitEncryption?: 'ENABLED' | 'DISABLED';
  readonly rootDirectory?: string;
  readonly actions?: string[];
}

/** A service whose tasks write logs, and files into a file system with a policy of its own. */
function nodes(app: App, props: Files = {}) {
  const stack = new Stack(app, 'Nodes');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const group = new ec2.SecurityGroup(stack, 'Group', { vpc });
  const policy = new iam.PolicyDocument({
    statements: [
      new iam.PolicyStatement({
        principals: [new iam.AccountRootPrincipal()],
        actions: MOUNT,
        conditions: { Bool: { 'aws:SecureTransport': 'true', 'elasticfilesystem:AccessedViaMountTarget': 'true' } },
        ...props.statement,
      }),
    ],
  });
  const files = new efs.FileSystem(stack, 'Files', { vpc, fileSystemPolicy: policy, allowAnonymousAccess: true });
  files.connections.allowDefaultPortFrom(group);
  const point = files.addAccessPoint('Point', { path: '/nocobase', posixUser: { uid: '0', gid: '0' } });

  const task = new ecs.FargateTaskDefinition(stack, 'Task', { cpu: 512, memoryLimitMiB: 1024 });
  const container = task.addContainer('web', {
    image: ecs.ContainerImage.fromRegistry('nginx'),
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'web', logGroup: new logs.LogGroup(stack, 'Logs') }),
  });
  task.addVolume({
    name: 'files',
    efsVolumeConfiguration: {
      fileSystemId: files.fileSystemId,
      transitEncryption: props.transitEncryption ?? 'ENABLED',
      authorizationConfig: props.authorization ?? { accessPointId: point.accessPointId, iam: 'ENABLED' },
      rootDirectory: props.rootDirectory,
    },
  });
  container.addMountPoints({ sourceVolume: 'files', containerPath: '/files', readOnly: false });
  const may = new iam.PolicyStatement({
    actions: props.actions ?? MOUNT,
    resources: [files.fileSystemArn],
    conditions: { StringEquals: { 'elasticfilesystem:AccessPointArn': point.accessPointArn } },
  });
  task.addToTaskRolePolicy(may);
  const service = new ecs.FargateService(stack, 'Service', {
    cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
    taskDefinition: task,
    minHealthyPercent: 100,
    securityGroups: [group],
  });
  service.node.addDependency(vpc, task, files);
  return { stack, task, files };
}

/** A boundary within which roles can do these things. */
function bounded({ stack }: { stack: Stack }, ...actions: string[]) {
  const boundary = new iam.ManagedPolicy(stack, 'Boundary', {
    statements: [new iam.PolicyStatement({ actions, resources: ['*'] })],
  });
  iam.PermissionsBoundary.of(stack).apply(boundary);
}

test.each<[string, Files, (parts: ReturnType<typeof nodes>) => void]>([
  ['by its role, where the policy of the file system leaves it to the account', {}, () => {}],
  ['within a boundary that allows it', {}, (parts) => bounded(parts, 'elasticfilesystem:*', 'logs:*')],
  [
    'without a role that says so, where that policy lets in everybody over TLS',
    { statement: { principals: [new iam.AnyPrincipal()] }, actions: ['elasticfilesystem:DescribeMountTargets'] },
    () => {},
  ],
])('a node mounts its files %s', async (_, files, change) => {
  expect(await aws.tryCreate((app) => change(nodes(app, files)))).toEqual({ status: 'CREATE_COMPLETE', why: '' });
});

describe('nodes do not start', () => {
  test.each<[string, Files, (parts: ReturnType<typeof nodes>) => void, RegExp]>([
    [
      'where a boundary leaves out what their role allows',
      {},
      (parts) => bounded(parts, 'logs:*'),
      /the task role \S+ is not authorized to perform elasticfilesystem:ClientMount/,
    ],
    [
      'where it leaves out what their execution role does',
      {},
      (parts) => bounded(parts, 'elasticfilesystem:*'),
      /the execution role \S+ is not authorized to perform logs:CreateLogStream/,
    ],
    [
      'as root, without the permission to be root',
      { actions: MOUNT.slice(0, 2) },
      () => {},
      /is not authorized to perform elasticfilesystem:ClientRootAccess/,
    ],
    [
      'where the file system denies it',
      { statement: { effect: iam.Effect.DENY, principals: [new iam.AnyPrincipal()] } },
      () => {},
      /is not authorized to perform elasticfilesystem:ClientMount/,
    ],
    [
      'as nobody, where the file system wants to know who comes',
      { authorization: {} },
      () => {},
      /a task without IAM authorization is not authorized to perform elasticfilesystem:ClientMount/,
    ],
    [
      'with an access point and a directory',
      { rootDirectory: '/else' },
      () => {},
      /The root directory of the volume files must be omitted or \/ when an access point is specified/,
    ],
    [
      'with an access point and without TLS',
      { transitEncryption: 'DISABLED' },
      () => {},
      /The volume files needs transitEncryption ENABLED/,
    ],
    [
      'with the access point of another file system',
      {},
      ({ stack, task }) => {
        const other = new efs.CfnAccessPoint(stack, 'Other', {
          fileSystemId: new efs.CfnFileSystem(stack, 'Else', {}).ref,
        });
        (task.node.defaultChild as CfnResource).addPropertyOverride(
          'Volumes.0.EFSVolumeConfiguration.AuthorizationConfig.AccessPointId',
          other.ref,
        );
      },
      /the access point fsap-\w+ is not one of the file system fs-\w+/,
    ],
    [
      'with a boundary that is not there',
      {},
      ({ stack }) =>
        iam.PermissionsBoundary.of(stack).apply(
          iam.ManagedPolicy.fromManagedPolicyArn(stack, 'Boundary', 'arn:aws:iam::123456789012:policy/none'),
        ),
      /Policy arn:aws:iam::123456789012:policy\/none does not exist or is not attachable/,
    ],
  ])('%s', async (_, files, change, message) => {
    const { status, why } = await aws.tryCreate((app) => change(nodes(app, files)));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});
