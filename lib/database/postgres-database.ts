import { Duration, RemovalPolicy, Size, Token, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { invalidProp, refuseToken } from '../invalid-prop';
import type { DatabaseBinding } from './database';
import { rdsRoot } from './rds-root';

/** What can be chosen for the managed PostgreSQL. */
export interface PostgresProps {
  /**
   * Instance class. Changing it restarts the database (with `multiAz`, a
   * failover of about a minute).
   *
   * @default - `t4g.medium`: 2 vCPU, 4 GiB
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * PostgreSQL version. The NocoBase image carries the clients of 16 and 17,
   * which its Backup Manager needs, and RDS enforces TLS from 15 on: 15, 16 and
   * 17 are accepted. A higher major version is an upgrade in place that cannot
   * be undone.
   *
   * @default - PostgreSQL 17, minor versions applied by RDS
   */
  readonly version?: rds.PostgresEngineVersion;

  /**
   * A standby in a second availability zone, behind the same endpoint. Doubles
   * the price of the instance.
   *
   * @default false
   */
  readonly multiAz?: boolean;

  /**
   * Storage to begin with, gp3. It can grow and never shrink.
   *
   * @default Size.gibibytes(20)
   */
  readonly allocatedStorage?: Size;

  /**
   * Up to where RDS may grow the storage by itself. At least 10% more than
   * `allocatedStorage`.
   *
   * @default - ten times `allocatedStorage`
   */
  readonly maxAllocatedStorage?: Size;

  /**
   * How long automated backups are kept: 1 to 35 days. The database can be
   * restored to any second of them.
   *
   * @default Duration.days(14)
   */
  readonly backupRetention?: Duration;

  /**
   * Refuse to delete the instance, also with the stack.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * The root certificate, PEM, by which nodes verify the database. Needed in
   * regions whose RDS root this library does not carry.
   *
   * @default - the RSA2048-G1 root of the region
   */
  readonly caCertificate?: string;
}

/** Properties of a `PostgresDatabase`. */
export interface PostgresDatabaseProps extends PostgresProps {
  /** The network. Changing it replaces the database. */
  readonly vpc: ec2.IVpc;

  /** Subnets over at least two availability zones. */
  readonly vpcSubnets: ec2.SubnetSelection;
}

const DEFAULT_STORAGE = Size.gibibytes(20);
/** PEM, possibly with comments before it, and nothing else: no bundle, no private key. */
const ONE_CERTIFICATE =
  /^(?:[^-\n][^\n]*\n|\n)*-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\s*$/;
const LARGEST_STORAGE = 65536;
const DATABASE_NAME = 'nocobase';
const CA_FILE = '/etc/nocobase/database-ca.pem';

/**
 * One RDS PostgreSQL instance for NocoBase. When it is deleted with the stack
 * a final snapshot remains; deletion protection has to be taken off first.
 */
export class PostgresDatabase extends Construct implements ec2.IConnectable {
  /** The instance. */
  public readonly instance: rds.DatabaseInstance;

  /** User name and password. */
  public readonly secret: secretsmanager.ISecret;

  /** The network side, port 5432. */
  public readonly connections: ec2.Connections;

  /** What the cluster takes over. */
  public readonly binding: DatabaseBinding;

  constructor(scope: Construct, id: string, props: PostgresDatabaseProps) {
    super(scope, id);
    this.validate(props);

    const engine = rds.DatabaseInstanceEngine.postgres({ version: props.version ?? rds.PostgresEngineVersion.VER_17 });
    const allocatedStorage = props.allocatedStorage ?? DEFAULT_STORAGE;
    const maxAllocatedStorage =
      props.maxAllocatedStorage ?? Size.gibibytes(Math.min(allocatedStorage.toGibibytes() * 10, LARGEST_STORAGE));

    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine,
      instanceType: props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: [
        new ec2.SecurityGroup(this, 'SecurityGroup', {
          vpc: props.vpc,
          description: 'PostgreSQL of a NocoBase cluster',
          allowAllOutbound: false,
        }),
      ],
      publiclyAccessible: false,
      multiAz: props.multiAz ?? false,
      databaseName: DATABASE_NAME,
      credentials: rds.Credentials.fromGeneratedSecret('nocobase'),
      // A group of our own from the start: attaching one later restarts the database.
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine,
        description: 'PostgreSQL of a NocoBase cluster',
        parameters: { 'rds.force_ssl': '1' },
      }),
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
      storageType: rds.StorageType.GP3,
      storageEncrypted: true,
      allocatedStorage: allocatedStorage.toGibibytes(),
      maxAllocatedStorage: maxAllocatedStorage.toGibibytes(),
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
      cloudwatchLogsExports: ['postgresql', 'upgrade'],
    });
    this.secret = this.instance.secret!;
    this.connections = this.instance.connections;

    this.acknowledge(props);

    this.binding = {
      instance: this.instance,
      secret: this.secret,
      connections: this.connections,
      contribution: {
        environment: {
          DB_DIALECT: 'postgres',
          DB_HOST: this.instance.dbInstanceEndpointAddress,
          DB_PORT: this.instance.dbInstanceEndpointPort,
          DB_DATABASE: DATABASE_NAME,
          // Only the three together make both the app and the licence kit connect (nocobase#9257, #7394),
          // and the CA has to be a path: the launcher writes the file.
          DB_DIALECT_OPTIONS_SSL_MODE: 'verify-full',
          DB_DIALECT_OPTIONS_SSL_CA: CA_FILE,
          DB_DIALECT_OPTIONS_SSL_REJECT_UNAUTHORIZED: 'true',
          LAUNCHER_DATABASE_CA: props.caCertificate ?? rdsRoot(this),
        },
        secrets: {
          DB_USER: ecs.Secret.fromSecretsManager(this.secret, 'username'),
          DB_PASSWORD: ecs.Secret.fromSecretsManager(this.secret, 'password'),
        },
      },
    };
  }

  private acknowledge(props: PostgresDatabaseProps) {
    const port = 'Access is limited by security group to the nodes; another port would hide nothing from them.';
    Validations.of(this.instance).acknowledge(
      { id: 'AwsSolutions-RDS11', reason: port },
      { id: 'cdk-validator-cfnguard::rds_instance_no_default_ports_check', reason: port },
      {
        id: 'AwsSolutions-SMG4',
        reason:
          'Nodes read the password when they start; a rotation has to be followed by a deployment and is opted into.',
      },
      {
        id: 'cdk-validator-cfnguard::rds_instance_enhanced_monitoring_enabled_check',
        reason: 'Database Insights shows load by query and wait, which is what a NocoBase database needs.',
      },
      {
        id: 'cdk-validator-cfnguard::rds_storage_encrypted_kms_key_check',
        reason: 'Encrypted with the key that AWS manages for RDS in this account.',
      },
      {
        id: 'cdk-validator-cfnguard::rds_instance_iam_authentication_enabled_check',
        reason: 'NocoBase signs in with a password and cannot use IAM tokens, which end after 15 minutes.',
      },
    );
    if (!props.multiAz) {
      const standby = 'A standby doubles the price and is one prop away: Database.postgres({ multiAz: true }).';
      Validations.of(this.instance).acknowledge(
        { id: 'AwsSolutions-RDS3', reason: standby },
        { id: 'cdk-validator-cfnguard::rds_instance_multi_az_support_check', reason: standby },
      );
    }
    if (props.deletionProtection === false) {
      const unprotected = 'Switched off by `deletionProtection: false`; a final snapshot is still taken.';
      Validations.of(this.instance).acknowledge(
        { id: 'AwsSolutions-RDS10', reason: unprotected },
        { id: 'cdk-validator-cfnguard::rds_instance_deletion_protection_enabled_check', reason: unprotected },
      );
    }
  }

  private validate(props: PostgresDatabaseProps) {
    const major = props.version?.postgresMajorVersion;
    if (major !== undefined && !Token.isUnresolved(major) && !['15', '16', '17'].includes(major)) {
      throw invalidProp(this, {
        prop: 'database.version',
        problem: `PostgreSQL ${major} is not one of 15, 16, 17`,
        remedy:
          'Leave it out for 17: the NocoBase image carries the clients of 16 and 17, and RDS enforces TLS from 15 on',
      });
    }
    const instanceClass = props.instanceType?.toString();
    if (
      instanceClass !== undefined &&
      !Token.isUnresolved(instanceClass) &&
      !/^(?!db\.)[a-z0-9-]+\.[a-z0-9]+$/.test(instanceClass)
    ) {
      throw invalidProp(this, {
        prop: 'database.instanceType',
        problem: `'${instanceClass}' is not an instance type as CDK writes it, without db.`,
        remedy: "Write e.g. new ec2.InstanceType('m7g.large')",
      });
    }
    const retention = props.backupRetention;
    const days = retention?.isUnresolved() ? undefined : retention?.toDays({ integral: false });
    if (days !== undefined && (days < 1 || days > 35 || !Number.isInteger(days))) {
      throw invalidProp(this, {
        prop: 'database.backupRetention',
        problem: `must be between 1 and 35 whole days, got: ${days}`,
        remedy: 'Without automated backups an upgrade cannot be undone',
      });
    }
    const allocated = (props.allocatedStorage ?? DEFAULT_STORAGE).toGibibytes();
    const maximum = props.maxAllocatedStorage?.toGibibytes();
    refuseToken(this, 'database.allocatedStorage', allocated);
    refuseToken(this, 'database.maxAllocatedStorage', maximum);
    if (!(allocated >= 20 && allocated <= LARGEST_STORAGE)) {
      throw invalidProp(this, {
        prop: 'database.allocatedStorage',
        problem: `must be between 20 GiB and 64 TiB for gp3, got: ${allocated} GiB`,
        remedy: 'Start with Size.gibibytes(20); it grows by itself',
      });
    }
    if (maximum !== undefined && !(maximum <= LARGEST_STORAGE)) {
      throw invalidProp(this, {
        prop: 'database.maxAllocatedStorage',
        problem: `must be at most 64 TiB, got: ${maximum} GiB`,
        remedy: 'Leave it out for ten times what is allocated',
      });
    }
    if (maximum !== undefined && maximum < allocated * 1.1) {
      throw invalidProp(this, {
        prop: 'database.maxAllocatedStorage',
        problem: `${maximum} GiB is less than 10% above the allocated ${allocated} GiB, which RDS refuses`,
        remedy: `Set at least Size.gibibytes(${Math.ceil(allocated * 1.1)})`,
      });
    }
    if (
      props.caCertificate !== undefined &&
      !Token.isUnresolved(props.caCertificate) &&
      !ONE_CERTIFICATE.test(props.caCertificate)
    ) {
      throw invalidProp(this, {
        prop: 'database.caCertificate',
        problem: 'is not one PEM certificate',
        remedy: 'Pass the text of the file, which begins with -----BEGIN CERTIFICATE-----, not its path',
      });
    }
  }
}
