import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Assembly, NodeSettings } from './assembly';
import { Container } from './container';
import { LoadBalancer, type LoadBalancerSettings, type Target } from './load-balancer';
import { addStandIns, copyOf, toolsOf } from './nocobase';
import { type Part, startPostgres, startRabbitMq, startRedis } from './parts';

const { Client } = require('pg');
const { freePort } = require('../launcher/free-port.cjs');

/** A node of NocoBase behind the load balancer. */
export interface Node {
  readonly name: string;
  readonly port: number;
  readonly container: Container;
  readonly target: Target;
}

export interface ClusterOptions {
  readonly assembly: Assembly;
  /** Where NocoBase is installed. */
  readonly app: string;
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** What a template describes, on this machine. */
export class Cluster {
  public static async start(options: ClusterOptions): Promise<Cluster> {
    const { assembly, folder, say } = options;
    const database = assembly.only('AWS::RDS::DBInstance');
    const group = assembly.only('AWS::ElastiCache::ReplicationGroup');
    const broker = assembly.only('AWS::AmazonMQ::Broker');
    say('Starting PostgreSQL, Redis and RabbitMQ …');
    const [postgres, redis, queue] = await Promise.all([
      startPostgres({
        folder,
        user: database.MasterUsername,
        password: database.MasterUserPassword,
        parameters: {},
      }),
      startRedis({
        folder,
        password: group.AuthToken,
        parameters: {
          'maxmemory-policy': assembly.only('AWS::ElastiCache::ParameterGroup').Properties['maxmemory-policy'],
        },
      }),
      startRabbitMq({ folder, user: broker.Users[0].Username, password: broker.Users[0].Password }),
    ]);
    assembly.connect({
      database: postgres.server.port,
      redis: redis.server.port,
      queue: queue.server.port,
    });
    const cluster = new Cluster(options, { postgres, redis, queue }, assembly.nodes(), assembly.loadBalancer());
    await cluster.query(`CREATE DATABASE "${database.DBName}"`, 'postgres');
    await cluster.balancer.start();
    return cluster;
  }

  public readonly balancer: LoadBalancer;
  public readonly nodes: Node[] = [];
  public readonly storage: string;

  private constructor(
    private readonly options: ClusterOptions,
    public readonly parts: { readonly postgres: Part; readonly redis: Part; readonly queue: Part },
    public readonly settings: NodeSettings,
    public readonly balancing: LoadBalancerSettings,
  ) {
    this.balancer = new LoadBalancer(balancing);
    this.storage = path.join(options.folder, 'storage');
    fs.mkdirSync(this.storage);
    fs.writeFileSync(
      path.join(options.folder, 'public-ca.pem'),
      [parts.redis, parts.queue].map(({ certificate }) => certificate.ca).join('\n'),
    );
  }

  /** A task as ECS starts it: registered at once, healthy when the load balancer says so. */
  public async startNode(name: string, environment: { [name: string]: string } = {}): Promise<Node> {
    const home = path.join(this.options.folder, name);
    fs.mkdirSync(home);
    const app = await copyOf(this.options.app, path.join(home, 'app'));
    addStandIns(app, (this.settings.environment.LAUNCHER_REQUIRED_PLUGINS ?? '').split(',').filter(Boolean));
    const port = await freePort();
    const container = new Container({
      name,
      command: this.settings.command,
      environment: { ...this.environmentOf(home, app, port), ...environment },
      app,
      home,
      stopTimeout: this.settings.stopTimeout,
      onLine: (line) => line.startsWith('[launcher]') && this.options.say(`${name}: ${line}`),
    });
    const node = { name, port, container, target: this.balancer.register(port) };
    this.nodes.push(node);
    return node;
  }

  /** The environment of the template, and around it what the container would be. */
  private environmentOf(home: string, app: string, port: number): { [name: string]: string } {
    const { environment } = this.settings;
    return {
      ...environment,
      PATH: `${toolsOf(this.options.app)}:${process.env.PATH}`,
      HOME: home,
      NODE_ENV: 'production',
      APP_ENV: 'production',
      NOCOBASE_RUNNING_IN_DOCKER: 'true',
      // The certificates of ElastiCache and Amazon MQ come from a CA that Node trusts. RDS's does not.
      NODE_EXTRA_CA_CERTS: path.join(this.options.folder, 'public-ca.pem'),
      LAUNCHER_DATABASE_CA: this.parts.postgres.certificate.ca,
      // Paths and the port are a container's own; here all share one machine.
      APP_PORT: String(port),
      STORAGE_PATH: this.storage,
      DB_DIALECT_OPTIONS_SSL_CA: path.join(home, environment.DB_DIALECT_OPTIONS_SSL_CA),
      LAUNCHER_APP_DIR: app,
      LAUNCHER_ENTRYPOINT: path.join(__dirname, 'entrypoint.sh'),
      LAUNCHER_HOME: path.join(home, 'launcher'),
    };
  }

  /** The ECS way: out of the load balancer, then TERM, and KILL in the end. */
  public async stopNode(node: Node): Promise<number | null> {
    this.balancer.deregister(node.target);
    return node.container.stop();
  }

  public async query(text: string, database = this.settings.environment.DB_DATABASE): Promise<any[]> {
    const { DB_USER, DB_PASSWORD } = this.settings.environment;
    const { server, certificate } = this.parts.postgres;
    const client = new Client({
      host: 'localhost',
      port: server.port,
      user: DB_USER,
      password: DB_PASSWORD,
      database,
      ssl: { ca: certificate.ca },
    });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  public async stop(): Promise<void> {
    this.balancer.stop();
    for (const { container } of this.nodes) container.kill();
    await Promise.all(Object.values(this.parts).map((part) => part.stop()));
  }
}
