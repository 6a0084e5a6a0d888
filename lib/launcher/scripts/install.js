const { schema, tablePrefix } = require('./settings');
const log = require('./log');

/** What belongs to an extension (PostGIS, …) is not NocoBase's: neither counted nor dropped. */
const notOfExtension = (catalog) =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = o.oid AND d.deptype = 'e')`;

const RELATIONS = `FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
  WHERE n.nspname = $1 AND o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${notOfExtension('pg_class')}`;

/** Everything that NocoBase may have made, in an order in which it can be dropped. */
const OBJECTS = `
  SELECT CASE o.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
      WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind,
    format('%I.%I', n.nspname, o.relname) AS name, o.relowner AS owner,
    CASE o.relkind WHEN 'm' THEN 1 WHEN 'v' THEN 1 WHEN 'S' THEN 3 ELSE 2 END AS step
  ${RELATIONS}
  UNION ALL
  SELECT 'ROUTINE', o.oid::regprocedure::text, o.proowner, 4 FROM pg_proc o
  JOIN pg_namespace n ON n.oid = o.pronamespace WHERE n.nspname = $1 AND ${notOfExtension('pg_proc')}
  UNION ALL
  SELECT 'TYPE', format('%I.%I', n.nspname, o.typname), o.typowner, 5 FROM pg_type o
  JOIN pg_namespace n ON n.oid = o.typnamespace
  WHERE n.nspname = $1 AND o.typtype IN ('e', 'd', 'r') AND ${notOfExtension('pg_type')}`;

/** Whether there is nothing in the schema that is the first parameter. */
const EMPTY = `NOT EXISTS (SELECT ${RELATIONS})`;

/** NocoBase writes its version at the very end of an installation, into a table whose name its settings change. */
async function isInstalled(database) {
  for (const name of ['applicationVersion', 'application_version']) {
    const table = `${database.client.escapeIdentifier(schema)}.${database.client.escapeIdentifier(tablePrefix + name)}`;
    const [{ there }] = await database.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
    if (there && (await database.query(`SELECT FROM ${table} LIMIT 1`)).length > 0) return true;
  }
  return false;
}

/**
 * Called when a first installation on an empty schema began and was never healthy. NocoBase would take what is there
 * for an older version, upgrade it, and run without roles. So what is half made is dropped, if it is certainly ours.
 */
async function clearHalfMade(database) {
  if (await isInstalled(database)) {
    log('the first installation did not become healthy, but it had come to its end: going on with what is there');
    return false;
  }
  const objects = await database.query(
    `SELECT kind, name, owner = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS ours
     FROM (${OBJECTS}) AS objects ORDER BY step`,
    [schema],
  );
  const foreign = objects.filter(({ ours }) => !ours).map(({ name }) => name);
  if (foreign.length > 0) {
    throw new Error(
      `the first installation in schema ${schema} was interrupted, but not everything in it is of this user ` +
        `(${foreign.slice(0, 3).join(', ')}), so nothing is dropped. Look at it, drop what NocoBase made, or give ` +
        'NocoBase another schema, then start again',
    );
  }
  log(
    `the first installation in schema ${schema} was interrupted half-way; dropping the ${objects.length} objects ` +
      'it made there (all of this user, no version written yet) and installing anew',
  );
  // One statement a kind: foreign keys among the tables do not matter then, while something outside the schema that
  // depends on them makes it fail rather than go too.
  await database.query('BEGIN');
  try {
    for (const kind of new Set(objects.map((object) => object.kind))) {
      const names = objects.filter((object) => object.kind === kind).map(({ name }) => name);
      await database.query(`DROP ${kind} IF EXISTS ${names.join(', ')}`);
    }
    await database.query('COMMIT');
  } catch (error) {
    await database.query('ROLLBACK');
    throw new Error(`could not drop the half-made installation in schema ${schema}: ${error.message}`);
  }
  return true;
}

module.exports = { EMPTY, clearHalfMade };
