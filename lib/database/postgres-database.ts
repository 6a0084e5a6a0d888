import { createHash } from 'node:crypto';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { dataSubnets } from '../network/data-subnets';
import type { PartContext } from '../node/contribution';
import { StoredSecret } from '../node/stored-secret';
import { checkBeside } from '../same-region';
import type { DatabaseBinding, IDatabase } from './database';
import { databaseContributions } from './database-contributions';
import { checkPostgresProps, storageOf } from './postgres-checks';
import type { PostgresDatabaseProps } from './postgres-props';
import { acknowledgePostgres } from './postgres-rules';
import { rdsRoot } from './rds-root';

/** Of the database, and of its user. */
const NAME = 'nocobase';

/**
 * One RDS PostgreSQL instance for NocoBase. When it is deleted with the stack
 * a final snapshot remains; deletion protection has to be taken off first.
 *
 * Usable on its own, e.g. in a stack with what holds data: it can be given as
 * `database` of a cluster.
 */
export class PostgresDatabase extends Construct implements ec2.IConnectable, IDatabase {
  /** The instance. */
  public readonly instance: rds.IDatabaseInstance;

  /** User name and password. */
  public readonly secret: secretsmanager.ISecret;

  /** The network side, port 5432. */
  public readonly connections: ec2.Connections;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: PostgresDatabaseProps,
  ) {
    super(scope, id);
    checkPostgresProps(this, props);

    const engine = rds.DatabaseInstanceEngine.postgres({ version: props.version ?? rds.PostgresEngineVersion.VER_17 });
    const { allocated, maximum } = storageOf(props);
    const settings: rds.DatabaseInstanceSourceProps = {
      engine,
      instanceType: props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
      vpc: props.vpc,
      vpcSubnets: dataSubnets(this, props.vpc, props.vpcSubnets),
      securityGroups: [
        new ec2.SecurityGroup(this, 'SecurityGroup', {
          vpc: props.vpc,
          description: 'PostgreSQL of a NocoBase cluster',
          allowAllOutbound: false,
        }),
      ],
      publiclyAccessible: false,
      multiAz: props.multiAz ?? false,
      // A group of our own from the start: attaching one later restarts the database.
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine,
        description: 'PostgreSQL of a NocoBase cluster',
        parameters: { 'rds.force_ssl': '1' },
      }),
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
      storageType: rds.StorageType.GP3,
      allocatedStorage: allocated,
      maxAllocatedStorage: maximum,
      backupRetention: props.backupRetention ?? Duration.days(14),
      copyTagsToSnapshot: true,
      deletionProtection: props.deletionProtection ?? true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
      autoMinorVersionUpgrade: true,
      // Only another `version` asks for one, and that is somebody's decision.
      allowMajorVersionUpgrade: true,
      databaseInsightsMode: rds.DatabaseInsightsMode.STANDARD,
      enablePerformanceInsights: true,
      performanceInsightRetention: rds.PerformanceInsightRetention.DEFAULT,
      performanceInsightEncryptionKey: props.encryptionKey,
      cloudwatchLogsExports: ['postgresql', 'upgrade'],
    };
    // Of one id: a database is restored in the place of the one that it was.
    const instance = props.snapshot
      ? new rds.DatabaseInstanceFromSnapshot(this, 'Instance', {
          ...settings,
          snapshotIdentifier: props.snapshot.snapshotIdentifier,
          credentials: rds.SnapshotCredentials.fromGeneratedSecret(props.snapshot.username ?? NAME, {
            encryptionKey: props.encryptionKey,
          }),
        })
      : new rds.DatabaseInstance(this, 'Instance', {
          ...settings,
          databaseName: NAME,
          credentials: rds.Credentials.fromGeneratedSecret(NAME, { encryptionKey: props.encryptionKey }),
          storageEncrypted: true,
          storageEncryptionKey: props.encryptionKey,
        });
    if (props.snapshot) renameSecret(instance, props.snapshot.username ?? NAME);
    if (allocated === undefined) {
      // CDK's 100 GiB are too little for a larger snapshot and too much for a smaller one.
      (instance.node.defaultChild as rds.CfnDBInstance).allocatedStorage = undefined;
    }
    this.instance = instance;
    this.secret = instance.secret!;
    this.connections = instance.connections;
    acknowledgePostgres(instance, props);
  }

  /** What the cluster takes over. Called by the cluster. */
  public bind(scope: Construct, _context: PartContext): DatabaseBinding {
    checkBeside(scope, 'database', this);
    const { instance, secret, connections, props } = this;
    return {
      ...databaseContributions({
        host: instance.dbInstanceEndpointAddress,
        port: instance.dbInstanceEndpointPort,
        databaseName: props.snapshot?.databaseName ?? NAME,
        username: StoredSecret.inSecretsManager(secret, 'username'),
        password: StoredSecret.inSecretsManager(secret, 'password'),
        ca: props.caCertificate ?? rdsRoot(scope, 'database.caCertificate'),
        tables: props,
      }),
      instance,
      snapshotBeforeUpgrade: props.snapshotBeforeUpgrade,
      secret,
      connections,
    };
  }

  /** Lets somebody else read user and password. The way there is opened by `connections`. */
  public grantConnect(grantee: iam.IGrantable): iam.Grant {
    return StoredSecret.inSecretsManager(this.secret).grantRead(grantee);
  }

  /**
   * A metric of the instance (namespace AWS/RDS), on average over five minutes.
   *
   * @param metricName as CloudWatch has it, e.g. `ReadLatency`
   */
  public metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.instance.metric(metricName, props);
  }

  /** CPU, in percent. On a `t` class, above its baseline for long means credits are used up. */
  public metricCpuUtilization(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('CPUUtilization', props);
  }

  /** Storage that is left of what is allocated, in bytes. RDS enlarges it by itself up to `maxAllocatedStorage`. */
  public metricFreeStorageSpace(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FreeStorageSpace', props);
  }

  /** Open connections: `DB_POOL_MAX` a process of each node, and one a node. */
  public metricDatabaseConnections(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('DatabaseConnections', props);
  }
}

/**
 * Gives the Secret of another user another logical id. Of the same id it would
 * get a new password, and RDS would never be told: its reference to the Secret
 * would read as before.
 */
function renameSecret(instance: Construct, username: string) {
  const secret = instance.node.findChild('Secret').node.defaultChild;
  if (username === NAME || !secretsmanager.CfnSecret.isCfnSecret(secret)) return;
  const id: string = Stack.of(secret).resolve(secret.logicalId);
  secret.overrideLogicalId(`${id.slice(-200)}${createHash('sha256').update(username).digest('hex').slice(0, 8)}`);
}
