import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App } from 'aws-cdk-lib';
import cdkJson from '../../cdk.json';
import { DEPLOYMENTS } from '../critical-path/deployments';
import { type Arguments, parse, USAGE } from './arguments';
import { Assembly } from './assembly';
import { Cluster } from './cluster';
import { installNocoBase } from './nocobase';
import { installPrerequisites } from './prerequisites';
import { type Finding, NOT_REHEARSED, table } from './report';
import type { Scenario } from './scenario';
import { scenarios } from './scenarios';
import { Server } from './server';
import { seconds } from './waiting';

const began = performance.now();
const say = (line: string) => console.log(`${elapsed()}  ${line}`);

function elapsed(): string {
  const total = Math.round((performance.now() - began) / 1000);
  return `${String(Math.floor(total / 60)).padStart(2)}:${String(total % 60).padStart(2, '0')}`;
}

async function main(args: Arguments) {
  await installPrerequisites(say);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rehearsal-'));
  // PostgreSQL runs as another user.
  fs.chmodSync(folder, 0o755);
  let cluster: Cluster | undefined;
  let interrupted = false;
  const clear = async () => {
    await cluster?.stop();
    await Server.stopAll();
    // A hundred thousand files a node: several times as fast as Node's own, which takes what is still being written.
    spawnSync('rm', ['-rf', folder]);
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      interrupted = true;
      say(`${signal}: stopping everything …`);
      void clear().finally(() => process.exit(130));
    });
  }
  process.once('uncaughtException', (error) => {
    console.error(error);
    void clear().finally(() => process.exit(1));
  });
  try {
    const assembly = assemblyOf(args.of, folder);
    const app = await installNocoBase(assembly.version(), say);
    if (args.install) return;
    cluster = await Cluster.start({ assembly, app, folder, logs: emptied(args.logs), say });
    const findings: Finding[] = [];
    for (const scenario of scenarios.filter(({ number }) => args.only.includes(number))) {
      findings.push(...(await play(scenario, cluster)));
    }
    report(args, findings);
  } catch (error) {
    if (!interrupted) throw error;
  } finally {
    await clear();
  }
}

/** A directory without the logs of a rehearsal before. What else is in it stays. */
function emptied(directory: string): string {
  fs.mkdirSync(directory, { recursive: true });
  for (const name of fs.readdirSync(directory)) {
    if (name.endsWith('.log')) fs.rmSync(path.join(directory, name));
  }
  return path.resolve(directory);
}

function assemblyOf(name: string, folder: string): Assembly {
  if (fs.existsSync(path.join(name, 'manifest.json'))) return Assembly.in(name);
  if (!Object.hasOwn(DEPLOYMENTS, name)) {
    throw new Error(
      `There is no example ${name}, and no cloud assembly in a directory of this name. ` +
        `There are ${Object.keys(DEPLOYMENTS).join(', ')}.`,
    );
  }
  // It takes seconds, and is the subject of npm run test:strict.
  process.env.CDK_VALIDATION ??= 'false';
  const { nocobase, ...flags } = cdkJson.context;
  const app = new App({ outdir: path.join(folder, 'assembly'), context: flags });
  DEPLOYMENTS[name](app);
  return Assembly.in(app.synth().directory);
}

async function play(scenario: Scenario, cluster: Cluster): Promise<Finding[]> {
  const findings: Finding[] = [];
  const start = performance.now();
  say(`== ${scenario.number}. ${scenario.title}`);
  const expect = (expectation: string, measured: string, isGood: boolean) => {
    findings.push({ scenario: scenario.number, expectation, measured, isGood });
    say(`${isGood ? 'good' : 'BAD '}  ${expectation}: ${measured}`);
  };
  try {
    await scenario.run({ cluster, say, expect });
  } catch (error) {
    if (cluster.isStopped) throw error;
    expect('it comes to its end', error instanceof Error ? error.message : String(error), false);
    await cluster.reset().catch((failure: Error) => expect('it clears up', failure.message, false));
  }
  say(`== took ${seconds(performance.now() - start)}`);
  return findings;
}

function report({ of, report: file, logs }: Arguments, findings: readonly Finding[]) {
  const bad = findings.filter(({ isGood }) => !isGood).length;
  console.log(`\n${table(findings)}\n\nNot shown by any rehearsal:`);
  for (const line of NOT_REHEARSED) console.log(`- ${line}`);
  console.log(`\n${findings.length - bad} good, ${bad} bad, in ${elapsed().trim()} min. Logs of every part: ${logs}`);
  if (file !== undefined) {
    const result = { of, good: findings.length - bad, bad, findings, notRehearsed: NOT_REHEARSED };
    fs.writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  }
  process.exitCode = bad === 0 && findings.length > 0 ? 0 : 1;
}

const typed = process.argv.slice(2);
if (typed.includes('--help')) {
  console.log(USAGE);
} else {
  let args: Arguments | undefined;
  try {
    args = parse(typed);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
  }
  if (args) {
    main(args).catch((error) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    });
  }
}
