import type * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { PartBinding, PartContext } from '../node/contribution';
import { PostgresDatabase, type PostgresProps } from './postgres-database';

/** A database that is bound to a cluster. */
export interface DatabaseBinding extends PartBinding {
  /**
   * The RDS instance.
   *
   * @default - the database is not an instance made here
   */
  readonly instance?: rds.DatabaseInstance;

  /**
   * The Secret with user name and password.
   *
   * @default - the credentials are not in a Secret made here
   */
  readonly secret?: secretsmanager.ISecret;
}

/**
 * Where NocoBase keeps its data: one PostgreSQL endpoint. The guide allows a
 * single node only; Multi-AZ keeps one endpoint and so is still one.
 */
export abstract class Database {
  /**
   * A managed RDS PostgreSQL 17 instance: private, encrypted, with backups,
   * deletion protection and TLS that the nodes verify.
   */
  public static postgres(props: PostgresProps = {}): Database {
    return new ManagedPostgres(props);
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: PartContext): DatabaseBinding;
}

class ManagedPostgres extends Database {
  constructor(private readonly props: PostgresProps) {
    super();
  }

  public bind(scope: Construct, context: PartContext): DatabaseBinding {
    return new PostgresDatabase(scope, 'Database', {
      ...this.props,
      vpc: context.vpc,
      vpcSubnets: context.dataSubnets,
    }).binding;
  }
}
