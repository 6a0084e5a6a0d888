import { DescribeFileSystemsCommand, EFSClient } from '@aws-sdk/client-efs';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { type App, ArnFormat, CfnResource, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { LocalAws, REGION } from './local-aws';

// Keys of one's own, whoever encrypts with them, and parameters that nodes read.

const ACCOUNT = '123456789012';
const forAccount = {
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  Action: 'kms:*',
  Resource: '*',
};

let aws: LocalAws;
let given: string;
let closed: string;
beforeAll(async () => {
  aws = await LocalAws.start();
  given = await aws.giveKey();
  closed = await aws.giveKey({ Statement: [{ ...forAccount, Action: ['kms:Describe*', 'kms:PutKeyPolicy'] }] });
  await aws.giveSecureString('/nocobase/key', 'pa-ss-word', given);
});
afterAll(() => aws?.stop());

/** Everything that holds data, with one key. */
function encrypted(app: App) {
  const stack = new Stack(app, 'Encrypted');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
  const key = new kms.Key(stack, 'Key', { alias: 'alias/nocobase', enableKeyRotation: true });
  const logGroup = new logs.LogGroup(stack, 'Logs', { encryptionKey: key });
  key.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(`logs.${REGION}.amazonaws.com`)],
      actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': stack.formatArn({
            service: 'logs',
            resource: 'log-group',
            resourceName: '*',
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        },
      },
    }),
  );
  const database = new rds.DatabaseInstance(stack, 'Database', {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
    storageEncryptionKey: key,
    credentials: rds.Credentials.fromGeneratedSecret('ada', { encryptionKey: key }),
  });
  const files = new efs.FileSystem(stack, 'Files', {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    kmsKey: key,
    encrypted: true,
  });
  return { stack, key, logGroup, database, files };
}

/** A service whose tasks read a Secret and a parameter. */
function nodes(app: App) {
  const stack = new Stack(app, 'Nodes');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', given);
  const secret = new secretsmanager.Secret(stack, 'Secret', { encryptionKey });
  const parameterName = '/nocobase/key';
  const parameter = ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'Parameter', {
    parameterName,
    encryptionKey,
  });
  const task = new ecs.FargateTaskDefinition(stack, 'Task', { cpu: 512, memoryLimitMiB: 1024 });
  task.addContainer('web', {
    image: ecs.ContainerImage.fromRegistry('nginx'),
    secrets: { KEY: ecs.Secret.fromSsmParameter(parameter), PIN: ecs.Secret.fromSecretsManager(secret) },
  });
  const service = new ecs.FargateService(stack, 'Service', {
    cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
    taskDefinition: task,
    minHealthyPercent: 100,
  });
  service.node.addDependency(vpc, task);
  return { task };
}

const denied = (action: string) =>
  new iam.PolicyStatement({ effect: iam.Effect.DENY, actions: [action], resources: ['*'] });

const cfn = <T extends CfnResource>(construct: { readonly node: { readonly defaultChild?: unknown } }) =>
  construct.node.defaultChild as T;

test('everything is encrypted with the key that it is given', async () => {
  expect(await aws.tryCreate((app) => void encrypted(app))).toEqual({ status: 'CREATE_COMPLETE', why: '' });
  const ids = await aws.physicalIds('Encrypted-1', /KMS::Key$/);
  const [key] = Object.values(ids).map((id) => `arn:aws:kms:${REGION}:${ACCOUNT}:key/${id}`);
  const { DBInstances } = await aws.client(RDSClient).send(new DescribeDBInstancesCommand({}));
  expect(DBInstances).toMatchObject([{ KmsKeyId: key, StorageEncrypted: true }]);
  const { FileSystems } = await aws.client(EFSClient).send(new DescribeFileSystemsCommand({}));
  expect(FileSystems).toMatchObject([{ KmsKeyId: key, Encrypted: true }]);
});

test('nodes get what is encrypted with a key that they may use', async () => {
  expect(await aws.tryCreate((app) => void nodes(app))).toEqual({ status: 'CREATE_COMPLETE', why: '' });
});

describe('nodes do not start', () => {
  type Nodes = ReturnType<typeof nodes>;

  test.each<[string, (parts: Nodes) => void, RegExp]>([
    [
      'where their execution role may not decrypt',
      ({ task }) => task.addToExecutionRolePolicy(denied('kms:Decrypt')),
      /the execution role \S+ cannot decrypt the secret \w+ of the container web .*: kms:Decrypt on arn:aws:kms:\S+ is not allowed/,
    ],
    [
      'where it may not read parameters',
      ({ task }) => task.addToExecutionRolePolicy(denied('ssm:GetParameters')),
      /is not authorized to perform ssm:GetParameters on the secret KEY of the container web/,
    ],
    [
      'with a parameter that is not there',
      ({ task }) => cfn(task).addPropertyOverride('ContainerDefinitions.0.Secrets.0.ValueFrom', '/nocobase/kye'),
      /unable to retrieve the secret KEY .*: the parameter \/nocobase\/kye does not exist/,
    ],
  ])('%s', async (_, change, message) => {
    const { status, why } = await aws.tryCreate((app) => change(nodes(app)));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});

describe('a deployment fails', () => {
  const key = (properties: object) => (stack: Stack) =>
    void new CfnResource(stack, 'Key', { type: 'AWS::KMS::Key', properties });
  const logGroup = (arn: () => string) => (stack: Stack) =>
    void new logs.CfnLogGroup(stack, 'Logs', { kmsKeyId: arn() });

  test.each<[string, (stack: Stack) => void, RegExp]>([
    [
      'for logs with a key that does not let CloudWatch Logs in',
      logGroup(() => given),
      /The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:.*its policy does not let logs\.eu-central-1\.amazonaws\.com do kms:Encrypt/,
    ],
    [
      'for logs with an alias',
      logGroup(() => given.replace(/key\/.*/, 'alias/nocobase')),
      /alias\/nocobase must be the ARN of a key/,
    ],
    [
      'for a Secret with a key that the account may not use',
      (stack) => void new secretsmanager.CfnSecret(stack, 'Secret', { secretString: 'x', kmsKeyId: closed }),
      /you do not have permissions to access it: kms:\w+ on arn:aws:kms:\S+ is not allowed/,
    ],
    [
      'for a Secret with a key that is not there',
      (stack) => void new secretsmanager.CfnSecret(stack, 'Secret', { secretString: 'x', kmsKeyId: 'alias/none' }),
      /The KMS key alias\/none does not exist/,
    ],
    [
      'for files that have a key and are not encrypted',
      (stack) => void new efs.CfnFileSystem(stack, 'Files', { kmsKeyId: given }),
      /KmsKeyId: Encrypted must be true as well/,
    ],
    [
      'for files with a key for signatures',
      (stack) => {
        const signing = new kms.Key(stack, 'Key', {
          keySpec: kms.KeySpec.RSA_2048,
          keyUsage: kms.KeyUsage.SIGN_VERIFY,
        });
        new efs.CfnFileSystem(stack, 'Files', { encrypted: true, kmsKeyId: signing.keyArn });
      },
      /must be one for symmetric encryption, not RSA_2048/,
    ],
    [
      'for a key that nobody could change any more',
      key({ KeyPolicy: { Statement: [{ ...forAccount, Action: 'kms:Decrypt' }] } }),
      /The new key policy will not allow you to update the key policy in the future/,
    ],
    [
      'for a key of somebody who is not there',
      key({
        KeyPolicy: {
          Statement: [forAccount, { ...forAccount, Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/nobody` } }],
        },
      }),
      /Policy contains a statement with one or more invalid principals: arn:aws:iam::\d+:role\/nobody/,
    ],
    [
      'for a parameter of the type SecureString',
      (stack) => void new ssm.CfnParameter(stack, 'Parameter', { type: 'SecureString', value: 'x' }),
      /Type: enum .*"String".* is demanded, not 'SecureString'/,
    ],
    [
      'for a parameter that is there',
      (stack) => void new ssm.CfnParameter(stack, 'Parameter', { type: 'String', value: 'x', name: '/nocobase/key' }),
      /The parameter \/nocobase\/key already exists/,
    ],
  ])('%s', async (_, build, message) => {
    const { status, why } = await aws.tryCreate((app) => build(new Stack(app, 'Refused')));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});
