import { DescribeDBClustersCommand, DescribeDBProxyTargetsCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { type App, type CfnResource, Stack, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { LocalAws } from './local-aws';

// Databases that are not one plain instance: clusters, and proxies before them.

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
});
afterAll(() => aws?.stop());

const cfn = <T extends CfnResource>(construct: { readonly node: { readonly defaultChild?: unknown } }) =>
  construct.node.defaultChild as T;

/** On all resources; the tags of the stack itself cannot change here. */
const tag = (stack: Stack, owner: string) =>
  Tags.of(stack).add('owner', owner, { excludeResourceTypes: ['aws:cdk:stack'] });

function network(app: App) {
  const stack = new Stack(app, 'Databases');
  return { stack, vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }) };
}

/** A service whose tasks are told where the database is. */
function nodes(stack: Stack, vpc: ec2.Vpc, host: string) {
  const task = new ecs.FargateTaskDefinition(stack, 'Task', { cpu: 512, memoryLimitMiB: 1024 });
  task.addContainer('web', { image: ecs.ContainerImage.fromRegistry('nginx'), environment: { DB_HOST: host } });
  return new ecs.FargateService(stack, 'Service', {
    cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
    taskDefinition: task,
    minHealthyPercent: 100,
    // Beside the service, which is to wait for the rules about it.
    securityGroups: [new ec2.SecurityGroup(stack, 'Nodes', { vpc })],
  });
}

/** Nodes that use an Aurora cluster by way of a proxy. */
function aurora(app: App, owner = 'ada') {
  const { stack, vpc } = network(app);
  const cluster = new rds.DatabaseCluster(stack, 'Aurora', {
    vpc,
    engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
    writer: rds.ClusterInstance.serverlessV2('Writer'),
    readers: [rds.ClusterInstance.provisioned('Reader')],
    defaultDatabaseName: 'crm',
    parameters: { 'rds.force_ssl': '1' },
    storageEncrypted: true,
    cloudwatchLogsExports: ['postgresql'],
  });
  const proxy = cluster.addProxy('Proxy', { vpc, secrets: [cluster.secret!], dbProxyName: `${stack.stackName}-proxy` });
  const service = nodes(stack, vpc, proxy.endpoint);
  service.connections.allowTo(proxy, ec2.Port.tcp(5432));
  service.node.addDependency(vpc, cluster, proxy);
  tag(stack, owner);
  return { stack, vpc, cluster, proxy, service };
}

describe('Aurora', () => {
  let ids: { [logicalId: string]: string };
  beforeAll(async () => {
    expect(await aws.tryCreate((app) => void aurora(app))).toEqual({ status: 'CREATE_COMPLETE', why: '' });
    ids = await aws.physicalIds('Databases-1');
  });

  test('is a cluster with its instances', async () => {
    const { DBClusters } = await aws.client(RDSClient).send(new DescribeDBClustersCommand({}));
    expect(DBClusters).toMatchObject([
      {
        Engine: 'aurora-postgresql',
        DatabaseName: 'crm',
        DBClusterIdentifier: ids.Aurora2CBAB212,
        StorageEncrypted: true,
      },
    ]);
    const writers = DBClusters![0].DBClusterMembers!.map(({ DBInstanceIdentifier, IsClusterWriter }) => [
      DBInstanceIdentifier,
      IsClusterWriter,
    ]);
    expect(writers).toEqual([
      [ids.AuroraWriter14FF9353, true],
      [ids.AuroraReader0522537B, false],
    ]);
  });

  test('tells its Secret where it is', async () => {
    const { SecretString } = await aws.secretsManager.send(
      new GetSecretValueCommand({ SecretId: ids.AuroraSecretAttachmentEAAB0558 }),
    );
    const { DBClusters } = await aws.client(RDSClient).send(new DescribeDBClustersCommand({}));
    expect(JSON.parse(SecretString!)).toMatchObject({
      engine: 'postgres',
      host: DBClusters![0].Endpoint,
      port: 5432,
      dbname: 'crm',
      dbClusterIdentifier: ids.Aurora2CBAB212,
    });
  });

  test('is what its proxy leads to', async () => {
    const { Targets } = await aws
      .client(RDSClient)
      .send(new DescribeDBProxyTargetsCommand({ DBProxyName: 'Databases-proxy' }));
    expect(Targets).toMatchObject([{ RdsResourceId: ids.Aurora2CBAB212, Type: 'TRACKED_CLUSTER' }]);
  });

  test('is changed in place, and then deleted', async () => {
    const change = (app: App) => {
      const { cluster, proxy } = aurora(app, 'bob');
      cfn<rds.CfnDBCluster>(cluster).addPropertyOverride('ServerlessV2ScalingConfiguration.MaxCapacity', 8);
      cfn<rds.CfnDBInstance>(cluster.node.findChild('Reader')).promotionTier = 1;
      cfn<rds.CfnDBProxy>(proxy).idleClientTimeout = 600;
      cfn<rds.CfnDBClusterParameterGroup>(cluster.node.findChild('ParameterGroup')).parameters = {};
    };
    expect(await aws.tryUpdate(change)).toEqual({ status: 'UPDATE_COMPLETE', why: '' });
    expect(await aws.physicalIds('Databases-1')).toEqual(ids);
    const { DBClusters } = await aws.client(RDSClient).send(new DescribeDBClustersCommand({}));
    expect(DBClusters).toMatchObject([{ ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 8 } }]);
    expect(DBClusters![0].TagList).toContainEqual({ Key: 'owner', Value: 'bob' });
    expect(await aws.tryDelete()).toEqual({ status: 'DELETE_COMPLETE', why: '' });
  });

  type Aurora = ReturnType<typeof aurora>;

  test.each<[string, (parts: Aurora) => void, RegExp]>([
    [
      'where the proxy lets the nodes in on another port',
      ({ proxy }) => {
        for (const rule of proxy.connections.securityGroups[0].node.findAll()) {
          if (rule instanceof ec2.CfnSecurityGroupIngress) rule.toPort = rule.fromPort = 5433;
        }
      },
      /the tasks cannot reach the proxy Databases-proxy: the security groups let nothing through on TCP port 5432/,
    ],
    [
      'where the cluster lets in no proxy',
      ({ cluster }) => {
        for (const rule of cluster.connections.securityGroups[0].node.findAll()) {
          if (rule instanceof ec2.CfnSecurityGroupIngress) rule.ipProtocol = 'udp';
        }
      },
      /the tasks cannot use the proxy .*: it does not reach \S+: the security groups let nothing through on TCP port 5432/,
    ],
    [
      'where the proxy may not read its Secret',
      ({ proxy }) => {
        const policy = proxy.node.findChild('IAMRole').node.findChild('DefaultPolicy') as iam.Policy;
        cfn<iam.CfnPolicy>(policy).addPropertyOverride(
          'PolicyDocument.Statement.0.Action',
          'secretsmanager:DescribeSecret',
        );
      },
      /its role \S+ is not authorized to perform secretsmanager:GetSecretValue/,
    ],
    [
      'where the Secret of the proxy is no user',
      ({ stack, proxy }) => {
        const secret = new secretsmanager.Secret(stack, 'Half', {
          generateSecretString: { secretStringTemplate: '{"username":"ada"}', generateStringKey: 'pass' },
        });
        cfn<rds.CfnDBProxy>(proxy).addPropertyOverride('Auth.0.SecretArn', secret.secretArn);
        const policy = proxy.node.findChild('IAMRole').node.findChild('DefaultPolicy') as iam.Policy;
        cfn<iam.CfnPolicy>(policy).addPropertyOverride('PolicyDocument.Statement.0.Resource', secret.secretArn);
      },
      /the Secret \S+ has no password/,
    ],
    [
      'with a proxy of a role that RDS cannot take on',
      ({ proxy }) => {
        const role = cfn<iam.CfnRole>(proxy.node.findChild('IAMRole'));
        role.addPropertyOverride('AssumeRolePolicyDocument.Statement.0.Principal.Service', 'ecs-tasks.amazonaws.com');
      },
      /RDS is not authorized to assume the role/,
    ],
    [
      'with a proxy in one subnet',
      ({ vpc, proxy }) => {
        cfn<rds.CfnDBProxy>(proxy).vpcSubnetIds = [vpc.privateSubnets[0].subnetId];
      },
      /VpcSubnetIds: minItems 2 is demanded/,
    ],
    [
      'with a proxy for another engine',
      ({ proxy }) => {
        cfn<rds.CfnDBProxy>(proxy).engineFamily = 'MYSQL';
      },
      /a proxy for MYSQL has no targets of aurora-postgresql/,
    ],
    [
      'whose instance is to have what the cluster has',
      ({ cluster }) => {
        cfn<rds.CfnDBInstance>(cluster.node.findChild('Writer')).allocatedStorage = '100';
      },
      /will be a member of a DB Cluster\. Set AllocatedStorage for the DB Cluster/,
    ],
    [
      'with a serverless instance and no bounds for it',
      ({ cluster }) => {
        cfn<rds.CfnDBCluster>(cluster).addPropertyDeletionOverride('ServerlessV2ScalingConfiguration');
      },
      /Set the Serverless v2 scaling configuration on the parent DB cluster/,
    ],
    [
      'with parameters for another version',
      ({ cluster }) => {
        cfn<rds.CfnDBCluster>(cluster).engineVersion = '17.4';
      },
      /of a family for aurora-postgresql 17\.4/,
    ],
  ])('fails %s', async (_, change, message) => {
    const { status, why } = await aws.tryCreate((app) => {
      const parts = aurora(app);
      change(parts);
    });
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});
