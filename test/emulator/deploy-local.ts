import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { mostSimilar } from '../../bin/similar';
import cdkJson from '../../cdk.json';
import { ACCOUNT, CHECKOUT, cdkArguments, cdkEnvironment } from './cdk-cli';
import { Emulator, startEmulator } from './emulator';
import { giveNamed } from './examples-account';
import { give, givenFor } from './given';
import { PythonMissing } from './python';
import { end, forget, LOG, type Running, remember, running } from './running';

const REGION = 'eu-central-1';
const USAGE = `npm run deploy:local [-- [EXAMPLE] [--detach] [OPTIONS OF cdk deploy]]

  deploys the app of this repository, or one of the examples (${examples().join(', ')}),
  into a local AWS, which runs until Ctrl-C or npm run destroy:local.
  A second deployment goes into the one that runs.

  --detach   come back when it is deployed; the local AWS goes on`;

const interrupted = new AbortController();

/** A sentence for whoever typed the command. */
class Told extends Error {}

interface Command {
  /** @default - the app of this repository */
  readonly example?: string;
  readonly detach: boolean;
  /** `-c key=value`, which the app reads. */
  readonly context: string[];
  readonly options: string[];
}

function examples(): string[] {
  const entries = fs.readdirSync(path.join(CHECKOUT, 'examples'), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

function parse(args: string[]): Command {
  const context: string[] = [];
  const options: string[] = [];
  const [first] = args;
  const example = first !== undefined && !first.startsWith('-') ? first : undefined;
  if (example !== undefined && !examples().includes(example)) {
    const meant = mostSimilar(example, examples());
    throw new Told(
      `There is no example '${example}'${meant ? `; did you mean '${meant}'?` : '.'} There are: ${examples().join(', ')}.\n\n${USAGE}`,
    );
  }
  const late = args.slice(1).find((arg) => examples().includes(arg));
  if (late !== undefined) throw new Told(`The example comes first: npm run deploy:local -- ${late} …`);
  const rest = args.slice(example === undefined ? 0 : 1);
  for (let i = 0; i < rest.length; i++) {
    if (rest[i] === '-c' || rest[i] === '--context') {
      context.push('--context', rest[++i] ?? '');
    } else if (/^(-c|--context=)./.test(rest[i])) {
      context.push('--context', rest[i].replace(/^(--context=|-c=?)/, ''));
    } else if (rest[i] !== '--detach') {
      options.push(rest[i]);
    }
  }
  return { example, detach: rest.includes('--detach'), context, options };
}

async function main(args: string[]): Promise<number> {
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    console.log(USAGE);
    return 0;
  }
  const command = parse(args);
  const existing = await running();
  const emulator = existing ?? (await start(command.detach));
  // Of a failed deployment nobody would look at it.
  const isLeft = existing !== undefined || process.stdin.isTTY;
  let isDeployed = false;
  try {
    isDeployed = await deploy(command, emulator.url);
  } finally {
    if (!isDeployed && !isLeft) await end(emulator);
  }
  if (!isDeployed && !isLeft) {
    console.log('\nThe deployment failed. The local AWS is gone.');
    return 1;
  }
  console.log(
    isDeployed
      ? `\nDeployed into ${placeOf(emulator)}`
      : `\nThe deployment failed. Have a look at ${placeOf(emulator)}`,
  );
  if (!(emulator instanceof Emulator) || command.detach) {
    console.log('npm run destroy:local takes it away.');
  } else {
    console.log('Ctrl-C or npm run destroy:local takes it away; npm run deploy:local in another terminal updates it.');
    await emulator.ended;
    forget();
  }
  return isDeployed ? 0 : 1;
}

async function start(detached: boolean): Promise<Emulator> {
  const emulator = await startEmulator({ detached, log: LOG, progress: console.log });
  remember(emulator);
  console.log(`The local AWS runs at ${emulator.url}.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted.abort();
      void end(emulator).then(() => process.exit(130));
    });
  }
  return emulator;
}

function placeOf({ url }: Running): string {
  return `the local AWS at ${url}, e.g. with

  AWS_ENDPOINT_URL=${url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=${REGION} \\
    aws cloudformation describe-stacks
`;
}

async function deploy(command: Command, url: string): Promise<boolean> {
  // In a directory of its own: what the CLI looks up in the local AWS must not get into cdk.context.json.
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'deploy-local-'));
  process.once('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
  fs.writeFileSync(path.join(directory, 'cdk.json'), JSON.stringify({ ...cdkJson, app: appOf(command) }));
  const cdk = (...args: string[]) => run(cdkArguments(...args), directory, cdkEnvironment(url, REGION));
  const assembly = path.join(directory, 'assembly');
  if (!(await cdk('synth', '--quiet', '--output', assembly, ...command.context))) return false;

  const regions = new Set<string>();
  for (const stack of new CloudAssembly(assembly).stacksRecursively) {
    const { account, region } = stack.environment;
    if (account !== 'unknown-account' && account !== ACCOUNT) {
      throw new Told(
        `${stack.displayName} is for the account ${account}; the local AWS has ${ACCOUNT} and no other. Take the account that the CLI finds (CDK_DEFAULT_ACCOUNT).`,
      );
    }
    const actual = region === 'unknown-region' ? REGION : region;
    regions.add(actual);
    const made = [...(await give(url, givenFor(stack, actual))), ...(await giveNamed(url, actual, stack.template))];
    for (const one of made) console.log(`Stands in for yours: ${one}`);
  }
  for (const region of regions) {
    if (!(await cdk('bootstrap', `aws://${ACCOUNT}/${region}`))) return false;
  }
  return cdk('deploy', '--all', '--app', assembly, '--require-approval', 'never', ...command.options);
}

function appOf({ example }: Command): string {
  const file = example === undefined ? path.join('bin', 'app.ts') : path.join('examples', example, 'app.ts');
  return [process.execPath, '--require', require.resolve('tsx/cjs'), path.join(CHECKOUT, file)]
    .map((part) => JSON.stringify(part))
    .join(' ');
}

function run(args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env, stdio: 'inherit', signal: interrupted.signal });
    // When interrupted, the end of the local AWS is what ends this.
    child.on('error', (error) => interrupted.signal.aborted || reject(error));
    child.on('close', (code) => interrupted.signal.aborted || resolve(code === 0));
  });
}

// Whatever ends it before it knows how it went is no success.
process.exitCode = 1;
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    console.error(error instanceof Told || error instanceof PythonMissing ? error.message : error);
    process.exit(1);
  },
);
