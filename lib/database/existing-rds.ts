import { Token, Validations } from 'aws-cdk-lib';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import { checkRequired, checkSecret } from '../given';
import { invalidProp, isKnown } from '../invalid-prop';
import { checkRegion } from '../same-region';
import { templateProperties } from '../template-properties';
import type { DatabaseBinding } from './database';
import { DatabaseCa, kindOf } from './database-ca';
import { knownEndpoint } from './database-endpoint';
import { type ExistingDatabaseOptions, existingDatabase } from './existing-database';

/** What RDS does not say of its instances and clusters. */
export interface ExistingRdsOptions extends ExistingDatabaseOptions {
  /**
   * By which root certificates nodes verify the database.
   *
   * @default DatabaseCa.rds()
   */
  readonly ca?: DatabaseCa;
}

/** NocoBase's documentation asks for 10; RDS lets TLS be enforced on all that it still offers. */
const OLDEST_MAJOR_VERSION = 10;

/** Of the clients that the NocoBase image carries. */
const NEWEST_CLIENT = 17;

/** From where a database comes, with a name that is not known here. */
const SOURCES = [
  'DBSnapshotIdentifier',
  'DBClusterSnapshotIdentifier',
  'SourceDBInstanceIdentifier',
  'SourceDbiResourceId',
  'SourceDBInstanceAutomatedBackupsArn',
  'SourceDBClusterIdentifier',
  'SourceDbClusterResourceId',
  'SnapshotIdentifier',
  'GlobalClusterIdentifier',
];

const CA_WITH_KNOWN_ROOT = 'rds-ca-rsa2048-g1';

export function existingRds(
  scope: Construct,
  source: rds.IDatabaseInstance | rds.IDatabaseCluster,
  endpointOf: () => rds.Endpoint | undefined,
  options: ExistingRdsOptions,
): DatabaseBinding {
  checkRequired(scope, { database: source });
  const endpoint = checkedEndpoint(scope, source, endpointOf);
  checkRegion(scope, 'database', {
    what: source.node.path,
    region: source.env.region,
    remedy: 'Give one of that region, or put the cluster into the region of the database',
  });
  checkEngine(scope, source);
  checkSecret(scope, 'database.secret', options?.secret);
  const { ca = DatabaseCa.rds() } = options;
  const { hostname: host, port } = endpoint;
  checkAuthority(scope, source, host, ca);
  scope.node.addValidation({
    validate: () => {
      warnOfShortcomings(scope, source, options);
      return [];
    },
  });
  const { securityGroups } = source.connections;
  return {
    ...existingDatabase(scope, { ...options, ca, host, port, securityGroups }),
    instance: 'instanceIdentifier' in source ? source : undefined,
  };
}

function checkedEndpoint(
  scope: Construct,
  source: rds.IDatabaseInstance | rds.IDatabaseCluster,
  endpointOf: () => rds.Endpoint | undefined,
): rds.Endpoint {
  const endpoint = endpointOrNothing(scope, source, endpointOf);
  if (endpoint !== undefined) return endpoint;
  throw invalidProp(scope, {
    prop: 'database',
    problem: `is of another kind than was said, got: ${source.node?.path ?? typeof source}`,
    remedy:
      'Give an instance of RDS to Database.fromInstance, a cluster to Database.fromCluster, others by their address to Database.existing; a PostgresDatabase is a `database` itself',
  });
}

/** That of a cluster which was imported without throws. */
function endpointOrNothing(
  scope: Construct,
  { node }: rds.IDatabaseInstance | rds.IDatabaseCluster,
  endpointOf: () => rds.Endpoint | undefined,
): rds.Endpoint | undefined {
  try {
    return endpointOf();
  } catch {
    throw invalidProp(scope, {
      prop: 'database',
      problem: `${node.path} was imported without an endpoint address and port, so nodes would not find it`,
      remedy: 'Import it with `clusterEndpointAddress` and `port`',
    });
  }
}

/** Of what this app makes it is known how it is made. */
function warnOfShortcomings(
  scope: Construct,
  source: rds.IDatabaseInstance | rds.IDatabaseCluster,
  { databaseName }: ExistingRdsOptions,
) {
  const { defaultChild: resource, path } = source.node;
  const isInstance = rds.CfnDBInstance.isCfnDBInstance(resource);
  if (!isInstance && !rds.CfnDBCluster.isCfnDBCluster(resource)) return;
  const properties = templateProperties(resource);
  if (properties.BackupRetentionPeriod === 0) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:database-without-backups',
      `${path} has no automated backups (backupRetention is 0): what an upgrade of NocoBase breaks cannot be undone, and the restore point that nodes note down restores nothing. Keep them for some days.`,
    );
  }
  const name = properties[isInstance ? 'DBName' : 'DatabaseName'];
  const isMade = isNameOfMade(name) && !SOURCES.some((source) => properties[source] !== undefined);
  if (databaseName === undefined && isMade && name !== 'nocobase') {
    Validations.of(scope).addWarning(
      'cdk-nocobase:database-not-there',
      `${path} is made ${name === undefined ? 'without a database' : `with the database ${name}`}, and nodes look for one that is called nocobase. Make it (\`${isInstance ? 'databaseName' : 'defaultDatabaseName'}\` of ${path}), name the one that is there (\`database.databaseName\`), or acknowledge this when somebody makes it by hand.`,
    );
  }
}

/** What is in the template for a name that the deployment knows is no text. */
function isNameOfMade(name: unknown): name is string | undefined {
  return name === undefined || (typeof name === 'string' && isKnown(name));
}

/** What was imported may not say what it is. */
function checkEngine(scope: Construct, source: rds.IDatabaseInstance | rds.IDatabaseCluster) {
  const { engine, node } = source;
  if (source instanceof rds.DatabaseInstanceReadReplica) {
    throw invalidProp(scope, {
      prop: 'database',
      problem: `${node.path} is a read replica, to which nobody can write`,
      remedy: 'Give the instance that it is a replica of',
    });
  }
  const type = engine?.engineType;
  if (type !== undefined && !Token.isUnresolved(type) && !['postgres', 'aurora-postgresql'].includes(type)) {
    throw invalidProp(scope, {
      prop: 'database',
      problem: `${node.path} is ${type}, and this cluster speaks to PostgreSQL`,
      remedy: 'Give it an RDS PostgreSQL or Aurora PostgreSQL',
    });
  }
  const major = Number(engine?.engineVersion?.majorVersion?.split('.')[0]);
  if (major < OLDEST_MAJOR_VERSION) {
    throw invalidProp(scope, {
      prop: 'database',
      problem: `${node.path} is PostgreSQL ${major}, and NocoBase needs ${OLDEST_MAJOR_VERSION} or newer`,
      remedy: 'Upgrade it first',
    });
  }
  if (major > NEWEST_CLIENT) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:database-newer-than-clients',
      `${node.path} is PostgreSQL ${major}, and the NocoBase image carries the clients of 16 and ${NEWEST_CLIENT}: NocoBase's Backup Manager cannot dump it. RDS's own backups do not depend on that.`,
    );
  }
}

/** Of instances of this app it is known who signs their certificates. */
function checkAuthority(
  scope: Construct,
  { node }: rds.IDatabaseInstance | rds.IDatabaseCluster,
  host: string,
  ca: DatabaseCa,
) {
  const roots = kindOf(ca);
  const endpoint = knownEndpoint(host)?.kind;
  if (roots !== undefined && endpoint === 'proxy') {
    throw invalidProp(scope, {
      prop: 'database',
      problem: `${node.path} has the endpoint of an RDS Proxy, and is no instance`,
      remedy: 'Give it by its address: Database.existing({ host, ca: DatabaseCa.wellKnown(), secret })',
    });
  }
  if (roots === 'well-known' && endpoint !== 'Aurora Serverless v1') {
    throw invalidProp(scope, {
      prop: 'database.ca',
      problem: `are the public authorities, and the certificate of ${node.path} is of RDS's own`,
      remedy: 'Leave it out for the root of RDS; an RDS Proxy in front is given by its address, with Database.existing',
    });
  }
  if (roots !== 'rds') return;
  for (const instance of node.findAll().filter(rds.CfnDBInstance.isCfnDBInstance)) {
    const authority = instance.caCertificateIdentifier;
    if (authority !== undefined && !Token.isUnresolved(authority) && authority !== CA_WITH_KNOWN_ROOT) {
      throw invalidProp(scope, {
        prop: 'database.ca',
        problem: `is the root of ${CA_WITH_KNOWN_ROOT}, and ${node.path} has ${authority}`,
        remedy: 'Give the root of that authority with DatabaseCa.pem, or set rds.CaCertificate.RDS_CA_RSA2048_G1',
      });
    }
  }
}
