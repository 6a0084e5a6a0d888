// What a node does next, by what it sees. Nothing here waits, and nothing is changed.

/** Of those that have begun the one that did so last. */
function lastOf(rows) {
  const begun = rows.filter(({ began }) => began !== null);
  return begun.reduce((latest, row) => (latest && latest.began > row.began ? latest : row), undefined);
}

/** The generation that began last, unless the schema was emptied since it was healthy. */
function currentOf({ rows, empty }) {
  const last = lastOf(rows);
  return empty && last?.healthy ? undefined : last;
}

/** Asked for now, if anything is: a request ends with the session that made it. */
function requestOf({ rows, asker }) {
  return asker === undefined ? undefined : rows.find((row) => row.asked_by === asker);
}

/** The fingerprint of the keys with which NocoBase was healthy last. */
function keysOf({ rows }) {
  return lastOf(rows.filter(({ keys }) => keys))?.keys;
}

/** What is known of the generation of this node, begun or not. */
function ownOf(me, { rows }) {
  return rows.find(({ generation }) => generation === me.generation);
}

const isOthers = (me, request) => request !== undefined && request.generation !== me.generation;

/**
 * Of a node that does not run NocoBase.
 *
 * @param me generation, image, family and revision, `begins` (whether it may begin a generation), `tries`, `allowed`
 *   (an image that may run on what another one has migrated), `changedKeys` (names of those that differ from a fingerprint)
 * @param absentFor how long no node has been there that runs the current generation or may begin it
 * @returns `what` to do and, for people, `why`: join (start beside others), begin (start alone, again), ask (for a new
 *   generation), wait, standBy (`healthy`: see below), end
 */
function decide(me, view, absentFor, times) {
  const current = currentOf(view);
  const changed = current === undefined ? [] : refusedKeys(me, view);
  if (changed.length > 0) return { what: 'end', why: changedKeysWhy(changed) };
  const request = requestOf(view);
  if (isOthers(me, request)) {
    return { what: 'wait', why: `waits: "${request.generation}" is to run on this database` };
  }
  // Given up before it came to the database, so that another one is current.
  const own = ownOf(me, view);
  if (own && own !== current && isGivenUp(me, own)) return { what: 'end', why: givenUp(me, own) };
  if (current === undefined) {
    return me.begins ? { what: 'ask' } : { what: 'wait', why: 'waits: the first web node installs NocoBase' };
  }
  if (current.generation === me.generation) return ofOwn(me, current);
  return ofOther(me, view, current, absentFor, times);
}

function refusedKeys(me, view) {
  const known = keysOf(view);
  if (known === undefined || me.allowChangedKeys) return [];
  // A rollback goes back to the keys of before.
  const isBefore =
    known.before &&
    me.family === known.family &&
    me.revision < known.revision &&
    me.changedKeys(known.before).length === 0;
  return isBefore ? [] : me.changedKeys(known);
}

function changedKeysWhy(names) {
  return (
    `${names.join(' and ')} of this node ${names.length > 1 ? 'are others' : 'is another'} than NocoBase ran with on this ` +
    'database: users would be signed out, or encrypted fields be unreadable. Give the former value back to the Secret; ' +
    'or, if the change is meant, set `allowChangedKeys` of the cluster'
  );
}

function ofOwn(me, current) {
  if (current.healthy) return { what: 'join' };
  if (isGivenUp(me, current)) return { what: 'end', why: givenUp(me, current) };
  return me.begins
    ? { what: 'begin', anew: isNewer(me, current) || current.lapsed }
    : { what: 'wait', why: 'waits: a web node installs or upgrades NocoBase on this database' };
}

function ofOther(me, view, current, absentFor, times) {
  const highest = Math.max(
    0,
    ...view.rows.filter(({ began, family }) => began !== null && family === me.family).map(({ revision }) => revision),
  );
  const isAbandoned = current.here.length === 0 && (current.given_up || absentFor >= times.absent);
  // A fleet that begins nothing has no revisions in the ledger.
  const isBefore = me.begins ? me.revision <= highest : isAbandoned || (ownOf(me, view)?.began ?? null) !== null;
  if (isBefore) {
    return {
      what: 'standBy',
      // The one exception to what a waiting node answers: or nothing could ever be rolled back.
      healthy: isAbandoned,
      why: isAbandoned
        ? `is superseded: "${current.generation}" has begun on this database and was given up, and this node must not run on what that has migrated; users see a page (503). ${wayBack(current)}`
        : `stands by: "${current.generation}" has begun on this database; ECS ends this node when that is healthy`,
    };
  }
  if (!me.begins) return { what: 'wait', why: `waits: a web node has to begin "${me.generation}"` };
  const before = view.rows.some(({ image, served }) => image === me.image && served);
  if (current.image !== me.image && before && me.allowed !== me.image) {
    return {
      what: 'end',
      why:
        `${me.image} ran on this database before ${current.image} began to migrate it, and NocoBase cannot go back. ` +
        `${wayBack(current)} If you know that it can run on what is there, say so with \`allowOnMigratedDatabase\` of the cluster`,
    };
  }
  return { what: 'ask' };
}

/** Whether this node is of a later deployment than another node of the same generation. */
function isNewer(me, { family, revision }) {
  return me.family !== family || me.revision > revision;
}

/** For a while, and for later deployments of it not at all: the reason may have been outside of it. */
function isGivenUp(me, row) {
  return row.given_up && !row.lapsed && !isNewer(me, row);
}

function givenUp(me, row) {
  return (
    `"${me.generation}" did not become healthy on this database in ${row.failures} tries (see the logs of the ` +
    `nodes before this one). ${wayBack(row)} It is tried again in a quarter of an hour, and by the next revision at once`
  );
}

function wayBack({ install, restore_point: point }) {
  return point && !install
    ? `Deploy a version that works, or restore the database to ${point}, when it was as the version before left it.`
    : 'Deploy a version that works.';
}

/** Of a node that runs NocoBase, and has LIFE. @returns whether it knows that it has to stop, and whether it has to now */
function whileRunning(me, view) {
  const request = requestOf(view);
  const asked = isOthers(me, request);
  return { asked, leave: asked && request.stop };
}

module.exports = { currentOf, decide, isNewer, keysOf, ownOf, requestOf, whileRunning };
