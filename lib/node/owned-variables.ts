/** Variables that a prop of the library decides, and the prop. The first match counts. */
const OWNERS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^DB_POOL_/, ''],
  [/^DB_(LOGGING|QUERY_|SYNC_)/, ''],
  [/^DB_/, 'database'],
  [/^(REDIS_URL|CACHE_(DEFAULT_STORE|REDIS_.*)|PUBSUB_ADAPTER.*|LOCK_ADAPTER.*|QUEUE_ADAPTER_REDIS.*)$/, 'redis'],
  [/^QUEUE_ADAPTER/, 'queue'],
  [/^(APP_KEY|APP_AES_SECRET_KEY.*|INIT_ROOT_PASSWORD)$/, 'keys'],
  [/^INIT_ROOT_EMAIL$/, 'rootEmail'],
  [/^(APP_PUBLIC_PATH|API_BASE_PATH|WS_PATH)$/, 'publicPath'],
  [/^(APPEND_PRESET_BUILT_IN_PLUGINS|NOCOBASE_PKG_.*)$/, 'plugins'],
  [/^CLUSTER_MODE$/, 'web.processes'],
  [/^(WORKER_MODE|APP_PORT|APP_LAUNCH_MODE)$/, 'web'],
  [/^(STORAGE_PATH|NOCOBASE_RUNNING_IN_DOCKER|PM2_HOME)$/, 'storage'],
  [/^(LAUNCHER_.*|SKIP_SAME_VERSION_UPGRADE|PM2_KILL_TIMEOUT)$/, 'plugins'],
];

/** The prop that decides a variable, or nothing where the user does. */
export function ownerOf(variable: string): string | undefined {
  const owner = OWNERS.find(([pattern]) => pattern.test(variable))?.[1];
  return owner || undefined;
}
