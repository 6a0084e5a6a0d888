import * as fs from 'node:fs';
import * as path from 'node:path';
import { copyOf } from './nocobase';

/** What the migrations of these versions write: which version, by which revision, and when they had come to their end. */
export const MARKS = 'rehearsal_migrations';

/** How a migration of these versions behaves, by variables of the node. */
export const MIGRATION = {
  /** For so many seconds it is in the middle. */
  SECONDS: 'REHEARSAL_MIGRATION_SECONDS',
  /** It does not come to its end. */
  FAILS: 'REHEARSAL_MIGRATION_FAILS',
} as const;

/**
 * NocoBase as it is, by a later version number and with one more migration of its core, which marks the database. An
 * image of that version, as far as the launcher, NocoBase's own upgrade and its database are concerned.
 */
export async function nextVersion(image: string, folder: string, version: string): Promise<string> {
  await copyOf(image, folder);
  const server = path.join(folder, 'node_modules', '@nocobase', 'server');
  const manifest = path.join(server, 'package.json');
  const written = JSON.stringify({ ...JSON.parse(fs.readFileSync(manifest, 'utf8')), version }, null, 2);
  // The file is shared with the original by a hard link.
  fs.rmSync(manifest);
  fs.writeFileSync(manifest, written);
  fs.writeFileSync(path.join(server, 'lib', 'migrations', migrationOf(version)), source(version));
  return folder;
}

/** `2.2.15` is followed by `2.2.16`. */
export function versionAfter(version: string): string {
  const [major, minor, patch] = version.split('.').map(Number);
  return `${major}.${minor}.${patch + 1}`;
}

/** As it is in the table of migrations. */
export function migrationName(version: string): string {
  return `${path.basename(migrationOf(version), '.js')}/@nocobase/server`;
}

function migrationOf(version: string): string {
  return `20990101000000-rehearsal-${version.replaceAll('.', '-')}.js`;
}

function source(version: string): string {
  return `
const { Migration } = require('../migration');
module.exports = class extends Migration {
  on = 'beforeLoad';
  appVersion = '<${version}';
  async up() {
    const { sequelize } = this.db;
    const { LAUNCHER_REVISION, ${MIGRATION.SECONDS}, ${MIGRATION.FAILS} } = process.env;
    await sequelize.query('CREATE TABLE IF NOT EXISTS ${MARKS} (version text, revision int, began timestamptz, ended timestamptz, id serial)');
    const [[{ id }]] = await sequelize.query(\`INSERT INTO ${MARKS} VALUES ('${version}', \${LAUNCHER_REVISION}, clock_timestamp()) RETURNING id\`);
    await new Promise((resolve) => setTimeout(resolve, 1000 * (${MIGRATION.SECONDS} || 0)));
    if (${MIGRATION.FAILS}) throw new Error('The migration of ${version} fails here');
    await sequelize.query(\`UPDATE ${MARKS} SET ended = clock_timestamp() WHERE id = \${id}\`);
  }
};
`;
}
