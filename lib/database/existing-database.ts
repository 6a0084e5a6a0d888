import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import { checkRequired, checkSecret } from '../given';
import { checkPort, portText } from '../host-and-port';
import { invalidProp } from '../invalid-prop';
import { StoredSecret } from '../node/stored-secret';
import { serverConnections } from '../server-connections';
import { answeringAt } from './answering-at';
import type { DatabaseBinding } from './database';
import type { DatabaseCa } from './database-ca';
import { checkIdentifier, databaseContributions } from './database-contributions';
import { checkServer } from './database-endpoint';
import { warnOfRotation } from './rotation';
import { checkTableNaming, type TableNaming } from './table-naming';

/** What is known of every PostgreSQL that runs already. */
export interface ExistingDatabaseOptions extends TableNaming {
  /**
   * User and password, in the fields `username` and `password` of a Secret. The
   * user needs the privilege CREATE on the database, or a schema `cdk_nocobase`
   * of its own beside that of NocoBase, where nodes keep track of upgrades.
   *
   * Nodes read it when they start. After a rotation start them anew
   * (`cdk-nocobase maintenance restart`), or those that run cannot open further
   * connections; a deployment does not, as nothing in the template has changed.
   * Synthesis warns of what rotates: a Secret that RDS manages itself, every
   * seven days, and one of this app with a rotation schedule.
   */
  readonly secret: secretsmanager.ISecret;

  /**
   * The database on the server. It has to be there.
   *
   * @default 'nocobase'
   */
  readonly databaseName?: string;
}

/** A PostgreSQL by its address. */
export interface DatabaseServer extends ExistingDatabaseOptions {
  /**
   * Name or address, of the writer where there are several. Certificates are
   * verified against it.
   */
  readonly host: string;

  /** @default 5432 */
  readonly port?: number;

  /** By which root certificates nodes verify the server. */
  readonly ca: DatabaseCa;

  /**
   * The security groups of the server. The nodes are let in on its port.
   *
   * @default - none: letting the nodes in is up to you (`cluster.connections`)
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * The address of the database itself, where `host` is a pooler that shares
   * sessions between clients (PgBouncer in transaction mode). Nodes decide by
   * locks of a session who may install or upgrade; with a session that is
   * shared, two could. An RDS Proxy keeps such a session to one client and needs
   * nothing here.
   *
   * Letting the nodes in to it is up to you, unless it has the port and a
   * security group of the pooler.
   *
   * @default - `host`
   */
  readonly directHost?: string;

  /** @default - `port` */
  readonly directPort?: number;

  /**
   * By which root certificates nodes verify `directHost`.
   *
   * @default - `ca`
   */
  readonly directCa?: DatabaseCa;
}

export function existingDatabase(scope: Construct, server: DatabaseServer): DatabaseBinding {
  const database = new Construct(scope, 'Database');
  checkRequired(database, { 'database.host': server?.host });
  const { host, port = 5432, databaseName = 'nocobase', secret } = server;
  checkSecret(database, 'database.secret', secret);
  checkServer(database, 'database.host', host, 'database.ca', server.ca);
  checkPort(database, 'database.port', port);
  checkIdentifier(database, 'database.databaseName', databaseName);
  checkTableNaming(database, server);
  database.node.addValidation({
    validate: () => {
      warnOfRotation(database, secret);
      return [];
    },
  });
  const username = StoredSecret.inSecretsManager(secret, 'username');
  const password = StoredSecret.inSecretsManager(secret, 'password');
  const direct = directServer(database, server, port);
  const roots = [server.ca, ...(direct && server.directCa ? [server.directCa] : [])];
  return {
    ...databaseContributions({
      host,
      port: portText(port),
      databaseName,
      username,
      password,
      ca: roots.map((ca) => ca.bind(database)).join('\n'),
      tables: server,
      direct,
    }),
    secret,
    startAfter: [host, server.directHost].flatMap(answeringAt),
    credentials: { 'user of the database': username, 'password of the database': password },
    connections: connections(database, server, port),
    members:
      direct === undefined || server.directPort === undefined
        ? []
        : [{ contribution: {}, connections: connections(database, server, server.directPort) }],
  };
}

function connections(database: IConstruct, { securityGroups }: DatabaseServer, port: number) {
  return serverConnections(database, 'database.securityGroups', securityGroups, port);
}

function directServer(database: IConstruct, server: DatabaseServer, port: number) {
  const { directHost, directPort = port, directCa = server.ca } = server;
  if (directHost !== undefined) {
    checkServer(database, 'database.directHost', directHost, 'database.directCa', directCa);
    checkPort(database, 'database.directPort', directPort);
    return { host: directHost, port: portText(directPort) };
  }
  for (const prop of ['directPort', 'directCa'] as const) {
    if (server[prop] !== undefined) {
      throw invalidProp(database, {
        prop: `database.${prop}`,
        problem: 'belongs to `database.directHost`, which is not given',
        remedy: 'Give both, or neither when there is no pooler in front',
      });
    }
  }
  return undefined;
}
