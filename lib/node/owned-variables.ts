/** Stands where the library decides by itself. */
export const NO_PROP = 'none';

/** Variables that a prop of the library decides, and the prop. The first match counts. */
const OWNERS: ReadonlyArray<readonly [RegExp, string]> = [
  // All but how NocoBase uses the database: DB_POOL_MAX and its like are the user's.
  [/^DB_(?!POOL_|LOGGING|QUERY_|SYNC_)/, 'database'],
  // By these TLS would not be verified any more.
  [/^(NODE_TLS_REJECT_UNAUTHORIZED|PGSSLMODE)$/, 'database'],
  [/^(REDIS_URL|CACHE_(DEFAULT_STORE|REDIS_.*)|PUBSUB_ADAPTER.*|LOCK_ADAPTER.*|QUEUE_ADAPTER_REDIS.*)$/, 'redis'],
  [/^QUEUE_ADAPTER/, 'queue'],
  [/^(APP_KEY|APP_AES_SECRET_KEY.*|INIT_ROOT_PASSWORD)$/, 'keys'],
  [/^INIT_ROOT_EMAIL$/, 'rootEmail'],
  [/^(APP_PUBLIC_PATH|API_BASE_PATH|WS_PATH)$/, 'publicPath'],
  [/^(APPEND_PRESET_BUILT_IN_PLUGINS|NOCOBASE_PKG_.*)$/, 'plugins'],
  [/^CLUSTER_MODE$/, 'web.processes'],
  [/^LAUNCHER_UPGRADE_TIMEOUT$/, 'upgradeTimeout'],
  [/^LAUNCHER_UPGRADE_TRIES$/, 'upgradeTries'],
  [/^LAUNCHER_ON_MIGRATED_DATABASE$/, 'allowOnMigratedDatabase'],
  [/^LAUNCHER_CHANGED_KEYS$/, 'allowChangedKeys'],
  [/^LAUNCHER_DATABASE_/, 'database'],
  [/^LAUNCHER_REDIS_/, 'redis'],
  [/^LAUNCHER_QUEUE_/, 'queue'],
  [/^LAUNCHER_(LICENSE|REQUIRED_PLUGINS|NODES)/, 'plugins'],
  [/^LAUNCHER_FORWARDED_PROTO$/, 'entrance'],
  [/^(WORKER_MODE|APP_PORT|APP_LAUNCH_MODE|STORAGE_PATH|NOCOBASE_RUNNING_IN_DOCKER)$/, NO_PROP],
  [/^(SKIP_SAME_VERSION_UPGRADE|PM2_HOME|PM2_KILL_TIMEOUT|LAUNCHER_.*)$/, NO_PROP],
  [/^(PATH|HOME|LD_PRELOAD|ECS_.*)$/, 'image'],
];

/** The prop that decides a variable, or nothing where the user does. */
export function ownerOf(variable: string): string | undefined {
  return OWNERS.find(([pattern]) => pattern.test(variable))?.[1];
}
