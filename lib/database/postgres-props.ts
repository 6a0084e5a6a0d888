import type { Duration, Size } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type { TableNaming } from './table-naming';

/** What can be chosen for the managed PostgreSQL. */
export interface PostgresProps extends TableNaming {
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
   * Storage to begin with, gp3. It can grow and never shrink. With a snapshot at
   * least what that has: RDS refuses less.
   *
   * @default - 20 GiB; with a snapshot as much as that has
   */
  readonly allocatedStorage?: Size;

  /**
   * Up to where RDS may grow the storage by itself. At least 10% more than
   * `allocatedStorage`.
   *
   * @default - ten times `allocatedStorage`; with a snapshot whose storage is not said, 1 TiB
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
   * Take a snapshot before nodes of another version start (image or plug-ins),
   * and when this is switched on. A deployment waits for it, at most 12 minutes.
   * It is kept until you delete it, and costs as backups do.
   *
   * The nodes before still run when it is taken: it holds the database as it was
   * at some moment of the deployment, with requests under way. The restore point
   * that nodes note in their log is exact, needs no snapshot, and is what the
   * command `restore` uses; it is gone after `backupRetention`, and a snapshot
   * is not.
   *
   * @default false
   */
  readonly snapshotBeforeUpgrade?: boolean;

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

/** What a snapshot does not say of itself. */
export interface SnapshotDatabase {
  /**
   * The master user of the snapshot, which cannot be another one. Its password
   * is set anew, to that of a generated Secret. Correcting it makes another
   * Secret, of whose password RDS is told as well; a token is refused.
   *
   * @default 'nocobase'
   */
  readonly username?: string;

  /**
   * The database that NocoBase's tables are in.
   *
   * @default 'nocobase'
   */
  readonly databaseName?: string;
}

/** Properties of a database with the data of a snapshot. */
export interface SnapshotProps extends PostgresProps, SnapshotDatabase {}

/** A snapshot to begin with. */
export interface DatabaseSnapshot extends SnapshotDatabase {
  /** Name or ARN of a snapshot of an RDS PostgreSQL instance. */
  readonly snapshotIdentifier: string;
}

/** Properties of a `PostgresDatabase`. */
export interface PostgresDatabaseProps extends PostgresProps {
  /** The network. It cannot be changed: a subnet group stays in its VPC, and the deployment fails. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets over at least two availability zones, none of them public. Another
   * selection in the same zones restarts nothing; RDS moves the instance when
   * its own zone is gone from them.
   *
   * @default - isolated subnets where they are in two zones, private ones otherwise
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The KMS key that encrypts data, insights and the Secret. Changing it
   * replaces the database; with a snapshot the data keeps the key of that.
   *
   * @default - the keys that AWS manages
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * The snapshot that the data comes from. Adding, changing or removing it
   * replaces the database by one with the data of the snapshot, or with none.
   * With deletion protection the one before stays, outside the stack; without, a
   * final snapshot of it remains.
   *
   * @default - the database begins empty
   */
  readonly snapshot?: DatabaseSnapshot;
}
