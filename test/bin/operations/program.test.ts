import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';

// The program as it is shipped, started as somebody would.

jest.setTimeout(60_000);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'program-'));
const program = path.join(folder, 'cdk-nocobase.js');
const EXECUTION = 'arn:aws:states:eu-central-1:111122223333:execution:machine:1';

/** A stack with a state machine whose executions never end. */
const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const target = String(request.headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1)!;
    const action = target || new URLSearchParams(Buffer.concat(chunks).toString()).get('Action')!;
    const answer = ANSWERS[action];
    const isJson = target !== '';
    response
      .writeHead(answer === undefined ? 400 : 200, {
        'content-type': isJson ? 'application/x-amz-json-1.0' : 'text/xml',
      })
      .end(answer === undefined ? '' : isJson ? JSON.stringify(answer) : answer);
  });
});

const outputs = ['ClusterName', 'ServiceName', 'MaintenanceStateMachine'].map(
  (name) => `<member><OutputKey>NocoBase${name}1A2B3C4D</OutputKey><OutputValue>${name}</OutputValue></member>`,
);
const ANSWERS: Record<string, any> = {
  DescribeStacks: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>Prod</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  ListStackResources:
    '<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries/></ListStackResourcesResult></ListStackResourcesResponse>',
  ListExecutions: { executions: [] },
  StartExecution: { executionArn: EXECUTION, startDate: 1 },
  DescribeExecution: { executionArn: EXECUTION, status: 'RUNNING' },
  GetExecutionHistory: {
    events: [
      { id: 1, type: 'ExecutionStarted', timestamp: 1 },
      {
        id: 2,
        type: 'TaskStateEntered',
        timestamp: 1,
        stateEnteredEventDetails: { name: 'Maintenance is on from here' },
      },
    ],
  },
};

beforeAll(async () => {
  execFileSync(process.execPath, [path.join(__dirname, '../../../scripts/command.mjs'), program]);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param interruptAt what it says when Ctrl-C is pressed */
function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, interruptAt?: RegExp): Promise<Run> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_MAX_ATTEMPTS: '1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdin.end();
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    if (interruptAt?.test(stdout)) child.kill('SIGINT');
  });
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

test.each(['status', 'restore', 'maintenance'])('%s says what it does and what it takes', async (name) => {
  for (const option of ['--help', '-h']) {
    const { code, stdout, stderr } = await run([name, option]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: cdk-nocobase ${name} `));
    expect(stdout).toContain('--stack <name>');
  }
});

test.each<[string, string[], string]>([
  ['no stack', ['status'], 'Which stack? Say --stack NocoBase, for example.'],
  [
    'an option that is not there',
    ['status', '--stak', 'x'],
    "Unknown option '--stak'. status --help lists the options.",
  ],
  ['a word too many', ['status', 'prod', '--stack', 'x'], 'status takes no words, only options.'],
  ['no moment', ['restore', '--stack', 'x'], 'To which moment? Say --to 2026-01-31T04:05:06Z, for example.'],
  [
    'a moment without a zone',
    ['restore', '--stack', 'x', '--to', '2026-01-31 04:05:06'],
    '--to 2026-01-31 04:05:06 is no moment.',
  ],
  [
    'a revision without a number',
    ['restore', '--stack', 'x', '--to', '2026-01-31T04:05:06Z', '--revision', 'web'],
    '--revision web: write family and number',
  ],
  [
    'force where there is none',
    ['maintenance', 'begin', '--force', '--stack', 'x'],
    '--force is for maintenance end alone.',
  ],
  [
    'no bounds',
    ['restore', '--stack', 'x', '--to', '2026-01-31T04:05:06Z', '--nodes', '4-2'],
    '--nodes 4-2: write the least and the most, e.g. 2-4',
  ],
  ['nothing to do', ['maintenance', '--stack', 'x'], 'maintenance begin, maintenance end or maintenance restart?'],
  [
    'something else to do',
    ['maintenance', 'pause', '--stack', 'x'],
    'maintenance begin, maintenance end or maintenance restart?',
  ],
])('%s is refused in a sentence', async (_, args, sentence) => {
  const { code, stdout, stderr } = await run(args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/^\s+at /m);
});

const nobody = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };

test.each<[string, string[], NodeJS.ProcessEnv, string]>([
  ['no region', [], { AWS_REGION: undefined }, 'In which region? Say --region eu-central-1'],
  ['a region that cannot be one', ['--region', 'eu central'], {}, '--region is not the name of a region.'],
  ['no credentials', [], nobody, 'There are no AWS credentials. Name a profile (--profile), or sign in'],
  ['a profile that is not there', ['--profile', 'none'], nobody, 'There are no AWS credentials for profile none.'],
  [
    'nobody who answers',
    [],
    { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    'AWS in eu-central-1 could not be reached (ECONNREFUSED)',
  ],
])('%s is refused in a sentence as well', async (_, args, env, sentence) => {
  const { code, stderr } = await run(['status', '--stack', 'Prod', ...args], env);
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('a cluster without a database that can be taken back is refused', async () => {
  const { code, stderr } = await run(['restore', '--stack', 'Prod', '--to', '2026-01-31T04:05:06Z', '--yes']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('The database of the stack Prod is no RDS instance')]);
});

test('Ctrl-C leaves an execution alone, and says how to see it again', async () => {
  const { code, stdout, stderr } = await run(['maintenance', 'begin', '--stack', 'Prod'], {}, /from here/);
  expect(code).toBe(130);
  expect(stdout).toBe('maintenance begin of Prod:\n  Maintenance is on from here\n');
  expect(stderr).toBe(
    '\nInterrupted here. The state machine goes on. To see how:\n  npx cdk-nocobase maintenance begin --stack Prod\n',
  );
});
