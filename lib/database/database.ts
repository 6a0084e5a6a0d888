import type * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { allOptions } from '../all-options';
import type { PartBinding, PartContext } from '../node/contribution';
import { placement } from '../node/placement';
import type { StoredSecret } from '../node/stored-secret';
import { type DatabaseServer, existingDatabase } from './existing-database';
import { type ExistingRdsOptions, existingRds } from './existing-rds';
import { PostgresDatabase } from './postgres-database';
import type { PostgresProps, SnapshotProps } from './postgres-props';

/** A database that is bound to a cluster. */
export interface DatabaseBinding extends PartBinding {
  /**
   * The RDS instance, which the command `restore` takes back in time.
   *
   * @default - the database is something else, or not known as an instance
   */
  readonly instance?: rds.IDatabaseInstance;

  /**
   * Whether a snapshot of the instance is taken before nodes of another version
   * start.
   *
   * @default false
   */
  readonly snapshotBeforeUpgrade?: boolean;

  /**
   * The Secret with user name and password.
   *
   * @default - the credentials are elsewhere
   */
  readonly secret?: secretsmanager.ISecret;

  /**
   * User and password that were given, by what they are. That there is something
   * in them is looked at before a deployment goes on.
   *
   * @default - they are made together with the database
   */
  readonly credentials?: { [what: string]: StoredSecret };
}

/** What the database of a cluster can be: made by `Database`, or a `PostgresDatabase` of another stack. */
export interface IDatabase {
  /** Makes or looks up what it stands for. Called once, by the cluster. */
  bind(scope: Construct, context: PartContext): DatabaseBinding;
}

/**
 * Where NocoBase keeps its data: one PostgreSQL endpoint. The guide allows a
 * single node only; Multi-AZ keeps one endpoint and so is still one.
 */
export abstract class Database implements IDatabase {
  /**
   * A managed RDS PostgreSQL 17 instance: private, encrypted, with backups,
   * deletion protection and TLS that the nodes verify.
   */
  public static postgres(props: PostgresProps = {}): Database {
    return new Deferred((scope, context) =>
      new PostgresDatabase(scope, 'Database', { ...allOptions(props), ...placement(context) }).bind(scope, context),
    );
  }

  /**
   * The same, with the data of a snapshot. **Keep it as it is afterwards:**
   * CloudFormation makes an empty database when the snapshot is taken out, and
   * restores it once more when another is given.
   *
   * It takes the place of a database that `Database.postgres()` has made in the
   * same cluster, which is replaced. With deletion protection, the default, that
   * one stays, outside the stack, and is yours to delete; without, a final
   * snapshot of it remains.
   *
   * As encrypted as the snapshot is, by the key of the snapshot: copy one that
   * is not encrypted with a key first.
   *
   * @param snapshotIdentifier name or ARN of a snapshot of an RDS PostgreSQL instance
   */
  public static fromSnapshot(snapshotIdentifier: string, props: SnapshotProps = {}): Database {
    const { username, databaseName, ...rest } = allOptions(props);
    return new Deferred((scope, context) =>
      new PostgresDatabase(scope, 'Database', {
        ...rest,
        ...placement(context),
        snapshot: { snapshotIdentifier, username, databaseName },
      }).bind(scope, context),
    );
  }

  /**
   * An RDS PostgreSQL instance that is there already, of this app or imported.
   * Nodes are let in to its security groups.
   */
  public static fromInstance(instance: rds.IDatabaseInstance, options: ExistingRdsOptions): Database {
    return new Deferred((scope) => existingRds(scope, instance, () => instance?.instanceEndpoint, options));
  }

  /**
   * The writer of an Aurora PostgreSQL cluster that is there already, of this app
   * or imported with `clusterEndpointAddress` and `port`. Nodes are let in to its
   * security groups, and wait for the instances that are made with it.
   */
  public static fromCluster(cluster: rds.IDatabaseCluster, options: ExistingRdsOptions): Database {
    return new Deferred((scope) => existingRds(scope, cluster, () => cluster?.clusterEndpoint, options));
  }

  /**
   * Any PostgreSQL that speaks TLS, by its address; also an RDS Proxy or another
   * pooler in front of one.
   *
   * An RDS Proxy (`host: proxy.endpoint, ca: DatabaseCa.wellKnown()`) keeps the
   * session in which a node holds its lock to that node ("pinning"): the locks
   * hold, and each node takes one connection of the pool for itself. A pooler
   * that shares sessions between clients needs `directHost`.
   *
   * Of an endpoint of this app nodes wait for what answers there: the instances
   * of a cluster, the targets of a proxy.
   */
  public static existing(server: DatabaseServer): Database {
    return new Deferred((scope) => existingDatabase(scope, server));
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: PartContext): DatabaseBinding;
}

class Deferred extends Database {
  constructor(private readonly create: (scope: Construct, context: PartContext) => DatabaseBinding) {
    super();
  }

  public bind(scope: Construct, context: PartContext): DatabaseBinding {
    return this.create(scope, context);
  }
}
