import * as fs from 'node:fs';
import * as path from 'node:path';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import type { Assembly, NodeSettings } from './assembly';
import { Container } from './container';
import { Database } from './database';
import { LoadBalancer, type LoadBalancerSettings } from './load-balancer';
import { addStandIns, copyOf, imageOf, moduleOf, toolsOf } from './nocobase';
import { type Part, startPostgres, startRabbitMq, startRedis } from './parts';
import type { Service } from './service';
import { REGION } from './stacks';
import type { Target } from './target';
import { until } from './waiting';

const { freePort } = require('../launcher/free-port.cjs');

const ENTRYPOINT = path.join(__dirname, 'entrypoint.sh');

/** Where the image has NocoBase. */
const IMAGE_APP = '/app/nocobase';

export interface NodeEnvironment {
  readonly [name: string]: string | undefined;
}

/** A node of NocoBase behind the load balancer. */
export interface Node {
  readonly name: string;
  readonly port: number;
  readonly container: Container;
  readonly target: Target;
  /** That sends to it. */
  readonly balancer: LoadBalancer;
}

export interface NodeOptions {
  /** With the command that the image has, instead of the template's. @default false */
  readonly stock?: boolean;
  /** Instead of what the template says; undefined where it is to be without that. */
  readonly environment?: NodeEnvironment;
  /** The image: a folder with NocoBase. @default - that of the version which the template names */
  readonly app?: string;
  /** Which load balancer sends to it. @default - that of the cluster */
  readonly balancer?: LoadBalancer;
}

export interface ClusterOptions {
  readonly assembly: Assembly;
  /** Where NocoBase is installed. */
  readonly app: string;
  readonly folder: string;
  /** Where the logs of all parts go. */
  readonly logs: string;
  readonly say: (line: string) => void;
}

/** What a template describes, on this machine. */
export class Cluster {
  /** The data services, and an empty database. Nodes are started later. */
  public static async start(options: ClusterOptions): Promise<Cluster> {
    const { assembly, folder, logs, say } = options;
    const database = assembly.only('AWS::RDS::DBInstance', 'MasterUsername', 'MasterUserPassword');
    const group = assembly.only('AWS::ElastiCache::ReplicationGroup', 'AuthToken');
    const broker = assembly.only('AWS::AmazonMQ::Broker');
    say('Starting PostgreSQL, Redis and RabbitMQ …');
    const [image, postgres, redis, queue] = await Promise.all([
      imageOf(options.app, path.join(folder, 'image')),
      startPostgres({ folder, logs, user: database.MasterUsername, password: database.MasterUserPassword }),
      startRedis({ folder, logs, password: group.AuthToken, parameters: assembly.redisParameters() }),
      startRabbitMq({ folder, logs, user: broker.Users[0].Username, password: broker.Users[0].Password }),
    ]);
    assembly.connect({ database: postgres.server.port, redis: redis.server.port, queue: queue.server.port });
    const cluster = new Cluster(options, { postgres, redis, queue }, image);
    await cluster.database.create();
    await cluster.balancer.start();
    return cluster;
  }

  public readonly settings: NodeSettings;
  /** Of the nodes, as the template has it. What trusts RDS there trusts the PostgreSQL here, and nothing else does. */
  public readonly environment: { readonly [name: string]: string };
  public readonly balancing: LoadBalancerSettings;
  public readonly balancer: LoadBalancer;
  public readonly database: Database;
  public readonly assembly: Assembly;
  /** Where NocoBase is installed. */
  public readonly app: string;
  /** Those that have not been stopped. */
  public nodes: readonly Node[] = [];
  public isStopped = false;
  /** What starts and ends nodes, where that is not left to a scenario. */
  public service?: Service;
  /** The shared file system. */
  public readonly storage: string;
  private readonly copies: Promise<string>[] = [];
  private started = 0;

  private constructor(
    public readonly options: ClusterOptions,
    public readonly parts: { readonly postgres: Part; readonly redis: Part; readonly queue: Part },
    /** What nodes are copies of, unless told otherwise. */
    public readonly image: string,
  ) {
    this.assembly = options.assembly;
    this.app = options.app;
    this.settings = this.assembly.nodes();
    const { ca } = parts.postgres.certificate;
    this.environment = Object.fromEntries(
      Object.entries(this.settings.environment).map(([name, value]) => [
        name,
        value === RDS_ROOTS[REGION] ? ca : value,
      ]),
    );
    this.balancing = this.assembly.loadBalancer();
    this.balancer = new LoadBalancer(this.balancing);
    const { DBName, MasterUsername, MasterUserPassword } = this.assembly.only('AWS::RDS::DBInstance');
    this.database = new Database({
      part: parts.postgres,
      // RDS makes this one beside the one that a template names.
      name: DBName ?? 'postgres',
      schema: this.environment.DB_SCHEMA ?? 'public',
      user: MasterUsername,
      password: MasterUserPassword,
    });
    this.storage = path.join(options.folder, 'storage');
    fs.mkdirSync(this.storage);
    const authorities = [parts.redis, parts.queue].map(({ certificate }) => certificate.ca);
    fs.writeFileSync(path.join(options.folder, 'public-ca.pem'), authorities.join('\n'));
  }

  /** Under which NocoBase lives; begins and ends with a slash. */
  public get publicPath(): string {
    return this.balancing.users.pathname;
  }

  /** A task as ECS starts it: registered at once, healthy when the load balancer says so. */
  public async startNode(options: NodeOptions = {}): Promise<Node> {
    this.started += 1;
    const name = `node${this.started}`;
    const home = path.join(this.options.folder, name);
    fs.mkdirSync(home);
    const copy = copyOf(options.app ?? this.image, path.join(home, 'app'));
    this.copies.push(copy);
    const app = await copy;
    this.mount(app);
    const port = await freePort();
    if (this.isStopped) throw new Error('The rehearsal is over.');
    const environment = withChanges(this.environmentOf(home, app, port), options.environment);
    addStandIns(app, (environment.LAUNCHER_REQUIRED_PLUGINS ?? '').split(',').filter(Boolean));
    if (options.stock) {
      fs.mkdirSync(path.dirname(environment.DB_DIALECT_OPTIONS_SSL_CA), { recursive: true });
      fs.writeFileSync(environment.DB_DIALECT_OPTIONS_SSL_CA, environment.LAUNCHER_DATABASE_CA);
    }
    const container = new Container({
      name,
      command: options.stock ? ['sh', ENTRYPOINT] : this.settings.command,
      environment,
      app,
      log: path.join(this.options.logs, `${name}.log`),
      stopTimeout: this.settings.stopTimeout,
      onLine: (line) => line.startsWith('[launcher]') && this.options.say(`${name}: ${line}`),
    });
    const balancer = options.balancer ?? this.balancer;
    const node = { name, port, container, balancer, target: balancer.register(port) };
    this.nodes = [...this.nodes, node];
    return node;
  }

  /** Waits until the load balancer finds all of them healthy. @returns how long that took, in milliseconds */
  public healthy(...nodes: Node[]): Promise<number> {
    const lastWords = ({ container }: Node) => container.lines.slice(-15).join('\n');
    return until(`${nodes.map(({ name }) => name).join(', ')} healthy`, () => {
      const ended = nodes.find(({ container }) => !container.isRunning);
      if (ended) throw new Error(`${ended.name} has ended:\n${lastWords(ended)}`);
      return nodes.every(({ target }) => target.state === 'healthy');
    }).catch((error: Error) => {
      const missing = nodes.find(({ container, target }) => container.isRunning && target.state !== 'healthy');
      throw missing ? new Error(`${error.message} ${missing.name} says:\n${lastWords(missing)}`) : error;
    });
  }

  /** As many healthy nodes as asked for, the first of them alone, as a new service has it. */
  public async serve(count = this.settings.minNodes): Promise<Node[]> {
    for (const node of this.nodes.filter(({ target }) => target.state !== 'healthy')) this.lose(node);
    for (const node of this.nodes.slice(count)) this.lose(node);
    if (this.nodes.length === 0) await this.healthy(await this.startNode());
    const missing = count - this.nodes.length;
    await this.healthy(...(await Promise.all(Array.from({ length: missing }, () => this.startNode()))));
    return [...this.nodes];
  }

  /** The ECS way: out of the load balancer, then TERM, and KILL in the end. @returns the exit code, null after KILL */
  public async stopNode(node: Node): Promise<number | null> {
    node.balancer.deregister(node.target);
    const code = await node.container.stop();
    this.forget(node);
    return code;
  }

  /** All at once, and ECS has noticed. */
  public lose(node: Node) {
    node.container.kill();
    node.balancer.deregister(node.target, 0);
    this.forget(node);
  }

  /** The shared storage where the container has it, and hides what the image has there. */
  private mount(app: string) {
    const { mountPath } = this.settings;
    const inside = path.posix.relative(IMAGE_APP, mountPath);
    if (inside === '' || inside.startsWith('..')) {
      throw new Error(
        `A rehearsal can only mount storage inside ${IMAGE_APP}; the template mounts it at ${mountPath}.`,
      );
    }
    fs.rmSync(path.join(app, inside), { recursive: true, force: true });
    fs.symlinkSync(this.storage, path.join(app, inside));
  }

  private forget(node: Node) {
    this.nodes = this.nodes.filter((each) => each !== node);
  }

  /** Nothing runs, nothing is stored. */
  public async reset(): Promise<void> {
    this.service?.end();
    this.service = undefined;
    const ended = this.nodes.map(({ container }) => container.ended);
    for (const node of this.nodes) this.lose(node);
    await Promise.all(ended);
    await this.database.create();
    await this.emptyRedis();
    fs.rmSync(this.storage, { recursive: true, force: true });
    fs.mkdirSync(this.storage);
  }

  private async emptyRedis(): Promise<void> {
    const { createClient } = moduleOf(this.app, 'redis');
    const { server, certificate } = this.parts.redis;
    const client = createClient({
      password: this.assembly.only('AWS::ElastiCache::ReplicationGroup').AuthToken,
      socket: { tls: true, host: 'localhost', port: server.port, ca: certificate.ca },
    });
    await client.connect();
    await client.flushAll();
    client.destroy();
  }

  /** The nodes and the load balancer. The data services are known to `Server`. */
  public async stop(): Promise<void> {
    this.isStopped = true;
    this.service?.end();
    this.balancer.stop();
    for (const { container } of this.nodes) container.kill();
    await Promise.allSettled(this.copies);
  }

  /** The environment of the template, and around it what the container would be. */
  private environmentOf(home: string, app: string, port: number): { [name: string]: string } {
    return {
      ...this.environment,
      PATH: `${toolsOf(this.app)}:${process.env.PATH}`,
      HOME: home,
      NODE_ENV: 'production',
      APP_ENV: 'production',
      NOCOBASE_RUNNING_IN_DOCKER: 'true',
      // The certificates of ElastiCache and Amazon MQ come from a CA that Node trusts. RDS's does not.
      NODE_EXTRA_CA_CERTS: path.join(this.options.folder, 'public-ca.pem'),
      // Paths and the port are a container's own; here all share one machine.
      APP_PORT: String(port),
      DB_DIALECT_OPTIONS_SSL_CA: path.join(home, this.environment.DB_DIALECT_OPTIONS_SSL_CA),
      LAUNCHER_APP_DIR: app,
      // ECS tells nodes of which revision they are.
      LAUNCHER_FAMILY: 'rehearsal',
      LAUNCHER_REVISION: '1',
      LAUNCHER_ENTRYPOINT: ENTRYPOINT,
      LAUNCHER_HOME: path.join(home, 'launcher'),
    };
  }
}

function withChanges(environment: NodeEnvironment, changes: NodeEnvironment = {}): { [name: string]: string } {
  const entries = Object.entries({ ...environment, ...changes });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
