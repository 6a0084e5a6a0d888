const path = require('node:path');

const { env } = process;

/** A number of seconds in the environment, in milliseconds. */
function seconds(name, fallback) {
  const value = Number(env[name] || fallback);
  if (!(value >= 0)) throw new Error(`${name} must be a number of seconds, got: ${env[name]}`);
  return value * 1000;
}

function whole(name, fallback) {
  const value = Number(env[name] || fallback);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a whole number, got: ${env[name]}`);
  return value;
}

const appDir = env.LAUNCHER_APP_DIR || '/app/nocobase';
const storage = path.resolve(appDir, env.STORAGE_PATH || 'storage');
const publicPath = `/${env.APP_PUBLIC_PATH || ''}/`.replace(/\/+/g, '/');

module.exports = {
  home: env.LAUNCHER_HOME || '/tmp/nocobase-launcher',
  entrypoint: env.LAUNCHER_ENTRYPOINT || '/app/docker-entrypoint.sh',
  appDir,
  storage,
  plugins: path.resolve(appDir, env.PLUGIN_STORAGE_PATH || path.join(storage, 'plugins')),
  port: Number(env.APP_PORT || 13000),
  healthPath: `${publicPath}api/__health_check`,
  generation: env.LAUNCHER_GENERATION || 'unnamed',
  // Of two generations with one image neither is older.
  image: env.LAUNCHER_IMAGE || (env.LAUNCHER_GENERATION || 'unnamed').split(' ')[0],
  tries: whole('LAUNCHER_UPGRADE_TRIES', 2),
  allowed: env.LAUNCHER_ON_MIGRATED_DATABASE,
  allowChangedKeys: env.LAUNCHER_CHANGED_KEYS === 'allowed',
  // Workers wait for a web node to install or upgrade.
  begins: env.LAUNCHER_BEGINS !== 'never',
  single: env.LAUNCHER_NODES === 'single',
  manyProcesses: !['', '1'].includes(env.CLUSTER_MODE || ''),
  requiredPlugins: (env.LAUNCHER_REQUIRED_PLUGINS || '').split(',').filter(Boolean),
  poll: seconds('LAUNCHER_POLL', 2),
  upgradeTimeout: seconds('LAUNCHER_UPGRADE_TIMEOUT', 7200),
  startTimeout: seconds('LAUNCHER_START_TIMEOUT', 300),
  unhealthyTimeout: seconds('LAUNCHER_UNHEALTHY_TIMEOUT', 120),
  // For the load balancer to see it: six checks, one every 5 s, and a little.
  leave: seconds('LAUNCHER_LEAVE', 35),
  lost: seconds('LAUNCHER_LOST', 120),
  known: seconds('LAUNCHER_KNOWN', 20),
  kill: seconds('LAUNCHER_KILL', 10),
  absent: seconds('LAUNCHER_ABSENT', 300),
  drain: seconds('LAUNCHER_DRAIN', 20),
  // KILL comes 5 s before ECS would send it, so that the end is ours and in the log.
  stopTimeout: Math.max(seconds('LAUNCHER_STOP_TIMEOUT', 60) - 5000, 500),
  schema: env.DB_SCHEMA || 'public',
  tablePrefix: env.DB_TABLE_PREFIX || '',
};
