import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App } from 'aws-cdk-lib';
import { DEPLOYMENTS } from '../critical-path/deployments';
import type { Resource, Template } from '../critical-path/template';
import type { Finding } from './report';

interface Mistake {
  readonly what: string;
  /** The example. @default minimal */
  readonly of?: string;
  /** The scenario that is to find it. */
  readonly scenario: number;
  readonly make: (template: Template) => void;
  /** What it is to find bad. */
  readonly finds: RegExp;
}

// CloudFormation deploys each of them, and no node of it works.
const MISTAKES: readonly Mistake[] = [
  {
    what: 'Redis by URLs without TLS',
    scenario: 8,
    make: (template) => replace(resource(template, 'ConnectionUrls'), 'rediss://', 'redis://'),
    finds: /^REDIS_URL answers to node-redis 5: /,
  },
  {
    what: "Redis by URLs with RabbitMQ's password",
    scenario: 8,
    make: (template) =>
      replace(resource(template, 'ConnectionUrls'), id(template, 'RedisSecret'), id(template, 'QueueSecret')),
    finds: /^REDIS_URL answers to node-redis 5: WRONGPASS/,
  },
  {
    what: "RabbitMQ by a URL with Redis' password",
    scenario: 8,
    make: (template) =>
      replace(
        resource(template, 'ConnectionUrls'),
        `${id(template, 'QueueSecret')}"},":SecretString:password`,
        `${id(template, 'RedisSecret')}"},":SecretString:password`,
      ),
    finds: /^QUEUE_ADAPTER_RABBITMQ_URL answers to amqplib: .*ACCESS.REFUSED/,
  },
  {
    what: 'the certificate of RDS of another region',
    scenario: 8,
    make: (template) => {
      const { Environment } = nodeOf(template);
      const certificate = Environment.find(({ Name }: { Name: string }) => Name === 'LAUNCHER_DATABASE_CA');
      certificate.Value['Fn::FindInMap'][1] = 'us-east-1';
    },
    finds: /^PostgreSQL answers .*: .*certificate/,
  },
  {
    what: "PostgreSQL with Redis' password",
    scenario: 8,
    make: (template) => {
      const { Secrets } = nodeOf(template);
      const password = Secrets.find(({ Name }: { Name: string }) => Name === 'DB_PASSWORD');
      password.ValueFrom['Fn::Join'][1][0].Ref = id(template, 'RedisSecret');
    },
    finds: /^PostgreSQL answers .*: password authentication failed/,
  },
  {
    what: 'CloudFront before nodes that are not told of it',
    of: 'existing-app',
    scenario: 2,
    make: (template) => {
      const node = nodeOf(template);
      node.Environment = node.Environment.filter(({ Name }: { Name: string }) => Name !== 'LAUNCHER_FORWARDED_PROTO');
    },
    finds: /auth:signIn answers 403: .*Invalid sign-in origin/,
  },
  {
    what: "PostgreSQL that is there with the password of RabbitMQ's Secret",
    of: 'everything-existing',
    scenario: 8,
    make: (template) => {
      const password = nodeOf(template).Secrets.find(({ Name }: { Name: string }) => Name === 'DB_PASSWORD');
      replace(password, exported(template, 'PostgresSecretAttachment'), exported(template, 'RabbitUser'));
    },
    finds: /^PostgreSQL answers .*: password authentication failed for user "postgres"/,
  },
  {
    what: 'another database than the PostgreSQL that is there has',
    of: 'everything-existing',
    scenario: 8,
    make: (template) => {
      const { Environment } = nodeOf(template);
      Environment.find(({ Name }: { Name: string }) => Name === 'DB_DATABASE').Value = 'nocobase';
    },
    finds: /^PostgreSQL answers .*: database "nocobase" does not exist/,
  },
  {
    what: 'a database number that the Redis that is there does not have',
    of: 'everything-existing',
    scenario: 8,
    make: (template) =>
      replace(resource(template, 'ConnectionUrls'), '/4\\",\\"QUEUE_ADAPTER', '/16\\",\\"QUEUE_ADAPTER'),
    finds: /^REDIS_URL answers to node-redis 5: .*DB index is out of range/,
  },
  {
    what: 'a rule of the listener that is there for another name than users have',
    of: 'everything-existing',
    scenario: 2,
    make: (template) => replace(resource(template, 'EntranceRule'), 'nocobase.example.com', 'crm.example.com'),
    finds: /auth:signIn answers 404/,
  },
];

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'template-'));
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

test.each(MISTAKES)('$what does not pass', async ({ of, scenario, make, finds }) => {
  const { directory } = assemblyWith(of ?? 'minimal', make, path.join(folder, 'assembly'));
  const { code, bad } = await rehearse(directory, scenario);
  expect(code).toBe(1);
  expect(bad).toContainEqual(expect.stringMatching(finds));
});

// These differ from the minimal one in their entrance, in a way that a template alone does not show.
test.each(['existing-app', 'production', 'shared-load-balancer'])(
  'users sign in to the example %s',
  async (example) => {
    expect(await rehearse(example, 2)).toEqual({ code: 0, bad: [] });
  },
);

test('where every part is there already, nodes reach all of them, and users sign in', async () => {
  expect(await rehearse('everything-existing', 2, 8)).toEqual({ code: 0, bad: [] });
});

function assemblyWith(example: string, change: (template: Template) => void, outdir: string) {
  const app = new App({ outdir });
  DEPLOYMENTS[example](app);
  const assembly = app.synth();
  const { templateFullPath: file, template } = assembly.stacks.find((stack) => isOfCluster(stack.template))!;
  const before = JSON.stringify(template);
  change(template);
  if (JSON.stringify(template) === before) throw new Error('The change has changed nothing.');
  fs.writeFileSync(file, JSON.stringify(template));
  return assembly;
}

async function rehearse(of: string, ...scenarios: number[]): Promise<{ code: number | null; bad: string[] }> {
  const [report, logs] = ['report.json', 'logs'].map((name) => path.join(folder, name));
  const options = ['--only', scenarios.join(','), '--report', report, '--logs', logs];
  const args = [path.join(__dirname, 'main.ts'), of, ...options];
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  const { findings } = JSON.parse(fs.readFileSync(report, 'utf8')) as { findings: Finding[] };
  const bad = findings.filter(({ isGood }) => !isGood);
  return { code, bad: bad.map(({ expectation, measured }) => `${expectation}: ${measured}`) };
}

/** The logical id that begins with the path of the resource inside the cluster, e.g. `…DataRedisSecret`. */
function id({ Resources }: Template, name: string): string {
  const found = Object.keys(Resources).filter((logicalId) =>
    new RegExp(`^NocoBase.*${name}[0-9A-F]{8}$`).test(logicalId),
  );
  if (found.length !== 1) throw new Error(`One …${name} is needed, there are: ${found.join(', ')}`);
  return found[0];
}

function resource(template: Template, name: string): Resource {
  return template.Resources[id(template, name)];
}

/** The name of the only export of another stack whose name has this in it. */
function exported(template: Template, name: string): string {
  const imports = JSON.stringify(template).match(new RegExp(`"Company:ExportsOutput\\w*${name}\\w*"`, 'g')) ?? [];
  const found = [...new Set(imports)];
  if (found.length !== 1) throw new Error(`One export …${name}… is needed, there are: ${found.join(', ')}`);
  return found[0];
}

function isOfCluster({ Resources }: Template): boolean {
  return Object.values(Resources).some(({ Type }) => Type === 'AWS::ECS::TaskDefinition');
}

function nodeOf({ Resources }: Template) {
  const task = Object.values(Resources).find(({ Type }) => Type === 'AWS::ECS::TaskDefinition');
  return task!.Properties!.ContainerDefinitions[0];
}

function replace(where: object, what: string, by: string) {
  Object.assign(where, JSON.parse(JSON.stringify(where).replaceAll(what, by)));
}
