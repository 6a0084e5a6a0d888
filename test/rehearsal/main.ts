import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App } from 'aws-cdk-lib';
import cdkJson from '../../cdk.json';
import { build } from '../../examples/minimal/app';
import { NocoBaseImage } from '../../lib';
import { Assembly } from './assembly';
import { Cluster } from './cluster';
import { firstDeployment } from './first-deployment';
import { installNocoBase } from './nocobase';
import { missing } from './prerequisites';
import { table } from './report';

// Runs what an example's template describes, with real parts on this machine.

const say = (line: string) => console.log(line);

function synthesized(folder: string): Assembly {
  const { nocobase, ...flags } = cdkJson.context;
  const app = new App({ outdir: path.join(folder, 'assembly'), context: flags });
  build(app);
  return new Assembly(app.synth().directory, { 'nocobase-license': 'stands in for a licence key' });
}

async function main() {
  const problem = missing();
  if (problem) {
    console.error(problem);
    process.exitCode = 1;
    return;
  }
  const app = await installNocoBase(NocoBaseImage.TESTED_VERSION, say);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rehearsal-'));
  // PostgreSQL runs as another user.
  fs.chmodSync(folder, 0o755);
  const cluster = await Cluster.start({ assembly: synthesized(folder), app, folder, say });
  const stop = async () => {
    await cluster.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  process.once('SIGINT', () => void stop().then(() => process.exit(130)));
  try {
    const findings = await firstDeployment(cluster);
    console.log(`\n${table(findings)}`);
    process.exitCode = findings.every(({ isGood }) => isGood) ? 0 : 1;
  } finally {
    await stop();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
