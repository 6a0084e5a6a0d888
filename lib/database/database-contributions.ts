import * as rds from 'aws-cdk-lib/aws-rds';
import type { IConstruct } from 'constructs';
import { referredResource } from '../app-resources';
import { hostText } from '../host-and-port';
import { invalidProp, isKnown } from '../invalid-prop';
import type { PartBinding } from '../node/contribution';
import type { StoredSecret } from '../node/stored-secret';
import type { TableNaming } from './table-naming';

const CA_FILE = '/etc/nocobase/database-ca.pem';

export interface DatabaseConnection {
  readonly host: string;
  readonly port: string;
  readonly databaseName: string;
  readonly username: StoredSecret;
  readonly password: StoredSecret;
  /** What `DatabaseCa` says. */
  readonly ca: string;
  readonly tables: TableNaming;
  /** Past a pooler, to the database itself. */
  readonly direct?: { readonly host: string; readonly port: string };
}

/** What NocoBase and the launcher are told about their database. */
export function databaseContributions(connection: DatabaseConnection): Pick<PartBinding, 'contribution' | 'claims'> {
  const { host, port, databaseName, tables, direct } = connection;
  const { schema, tablePrefix, underscored } = tables;
  // Whatever the prefix: nodes keep their locks and what they know of versions by schema.
  const within = `database ${databaseName}, schema ${schema ?? 'public'}`;
  const place = `PostgreSQL ${serverText(host, port)}, ${within}`;
  const behind = direct && `PostgreSQL ${serverText(direct.host, direct.port)}, ${within}`;
  return {
    contribution: {
      environment: {
        DB_DIALECT: 'postgres',
        DB_HOST: host,
        DB_PORT: port,
        DB_DATABASE: databaseName,
        // Only the three together make both the app and the licence kit connect (nocobase#9257, #7394),
        // and the CA has to be a path: the launcher writes the file.
        DB_DIALECT_OPTIONS_SSL_MODE: 'verify-full',
        DB_DIALECT_OPTIONS_SSL_CA: CA_FILE,
        DB_DIALECT_OPTIONS_SSL_REJECT_UNAUTHORIZED: 'true',
        LAUNCHER_DATABASE_CA: connection.ca,
        ...(schema === undefined ? {} : { DB_SCHEMA: schema }),
        ...(tablePrefix === undefined ? {} : { DB_TABLE_PREFIX: tablePrefix }),
        ...(underscored === undefined ? {} : { DB_UNDERSCORED: String(underscored) }),
        ...(direct === undefined ? {} : { LAUNCHER_DATABASE_HOST: direct.host, LAUNCHER_DATABASE_PORT: direct.port }),
      },
      secrets: { DB_USER: connection.username, DB_PASSWORD: connection.password },
    },
    claims: { tables: place, ...(behind !== undefined && behind !== place && { 'tables behind the pooler': behind }) },
  };
}

/** One server is called alike, whoever names it: of an endpoint of this app the port may be given or be a token. */
function serverText(host: string, port: string): string {
  const resource = referredResource(host);
  const isOfRds = rds.CfnDBInstance.isCfnDBInstance(resource) || rds.CfnDBCluster.isCfnDBCluster(resource);
  return isOfRds ? host : `${hostText(host)}:${port}`;
}

/** A name in the database, where it is known at synthesis. */
export function checkIdentifier(scope: IConstruct, prop: string, name: string | undefined) {
  if (name !== undefined && isKnown(name) && !/^[A-Za-z_][\w$-]{0,62}$/.test(name)) {
    throw invalidProp(scope, {
      prop,
      problem: `must be a name of at most 63 letters, digits, \`_\`, \`$\` and \`-\`, got: '${name}'`,
      remedy: 'Write it as it stands in the database, without quotes',
    });
  }
}
