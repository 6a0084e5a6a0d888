import { Token, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import type { DatabaseBinding } from './database';
import { DatabaseCa, kindOf } from './database-ca';
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

const CA_WITH_KNOWN_ROOT = 'rds-ca-rsa2048-g1';

export function existingRds(
  scope: Construct,
  source: rds.IDatabaseInstance | rds.IDatabaseCluster,
  endpoint: rds.Endpoint,
  options: ExistingRdsOptions,
): DatabaseBinding {
  checkEngine(scope, source);
  const { ca = DatabaseCa.rds() } = options;
  checkAuthority(scope, source, ca);
  const { connections } = source;
  return {
    ...existingDatabase(scope, { ...options, ca, host: endpoint.hostname, port: endpoint.port }),
    // An imported cluster may not know its port.
    connections: new ec2.Connections({
      securityGroups: connections.securityGroups,
      defaultPort: connections.defaultPort ?? ec2.Port.tcp(endpoint.port),
    }),
  };
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
function checkAuthority(scope: Construct, { node }: rds.IDatabaseInstance | rds.IDatabaseCluster, ca: DatabaseCa) {
  const kind = kindOf(ca);
  if (kind === 'well-known') {
    throw invalidProp(scope, {
      prop: 'database.ca',
      problem: `are the public authorities, and the certificate of ${node.path} is of RDS's own`,
      remedy: 'Leave it out for the root of RDS; an RDS Proxy in front is given by its address, with Database.existing',
    });
  }
  if (kind !== 'rds') return;
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
