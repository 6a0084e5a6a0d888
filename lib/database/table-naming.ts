import type { IConstruct } from 'constructs';
import { checkIdentifier } from './database-contributions';

/**
 * How NocoBase calls its tables. Give what the data was made with: under other
 * names NocoBase finds none of it, and installs anew beside it.
 */
export interface TableNaming {
  /**
   * The schema (`DB_SCHEMA`), which should hold nothing else. NocoBase makes it
   * when it is not there, if its user has CREATE on the database.
   *
   * @default 'public'
   */
  readonly schema?: string;

  /**
   * What the names of all tables begin with (`DB_TABLE_PREFIX`). Two clusters
   * need a schema each, whatever their prefixes: nodes keep their locks by schema.
   *
   * @default - nothing
   */
  readonly tablePrefix?: string;

  /**
   * Names with underscores in place of capitals (`DB_UNDERSCORED`).
   *
   * @default false
   */
  readonly underscored?: boolean;
}

export function checkTableNaming(scope: IConstruct, { schema, tablePrefix }: TableNaming) {
  checkIdentifier(scope, 'database.schema', schema);
  checkIdentifier(scope, 'database.tablePrefix', tablePrefix);
}
