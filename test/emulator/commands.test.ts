import { execFile, execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { DescribeTargetGroupsCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { maintain } from '../../bin/maintenance/command';
import { follow, start } from '../../bin/maintenance/execution';
import { findCluster, isInMaintenance } from '../../bin/operations/cluster';
import { gather } from '../../bin/status/facts';
import { report } from '../../bin/status/report';
import { environmentFor } from './emulator';
import { LocalAws, REGION } from './local-aws';
import { connectTo, NEW, OLD, Onlooker, OPTIONS, OperatedCluster } from './operated-cluster';

// The commands beside a cluster that is deployed: what they see, and the state machine that they start.

let aws: LocalAws;
let cluster: OperatedCluster;
let directory: string;
beforeAll(async () => {
  aws = await LocalAws.start();
  cluster = new OperatedCluster(aws);
  await aws.bootstrap();
  await cluster.deploy(OLD);
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'commands-'));
});
afterAll(async () => {
  await aws?.stop();
  fs.rmSync(directory, { recursive: true, force: true });
});

async function status() {
  const client = await connectTo(aws);
  return gather(client, await findCluster(client, OPTIONS), OPTIONS, new Date());
}

describe('status', () => {
  test('a cluster at rest is told in a few lines', async () => {
    const text = report(await status());
    expect(text).toMatch(/^Prod {2}CREATE_COMPLETE {2}\(cluster NocoBase, eu-central-1\)/);
    expect(text).toMatch(
      /\nNodes\n {2}\S+: 2 of 2 run, between 2 and 4\n {4}revision 1 {2}\S+:2\.2\.14 {2}PRIMARY, COMPLETED, 2 running/,
    );
    expect(text).toMatch(/\nMaintenance\n {2}off\n/);
    expect(text).toMatch(
      /\nDatabase\n {2}\S+: available\n {4}can be restored from 2\S+Z to 2\S+Z \(backups are kept for 14 days\)/,
    );
    expect(text).toMatch(/\nRestore points\n {2}none/);
    expect(text).toMatch(/\nAlarms\n {2}none is in ALARM/);
  });

  test('restore points come with the command that goes back to them', async () => {
    const now = Date.now();
    const at = (hours: number) => `${new Date(now + hours * 3_600_000).toISOString().slice(0, 19)}.25+00:00`;
    const { taskDefinition } = await cluster.service();
    // CloudWatch takes nothing older than 14 days.
    await cluster.begins(taskDefinition!, at(-24 * 20), new Date(now - 10 * 24 * 3_600_000));
    await cluster.begins(taskDefinition!, at(-2), new Date(now - 2 * 3_600_000));
    // A second try of the same.
    await cluster.begins(taskDefinition!, at(-2));
    const facts = await status();
    const list = 'list' in facts.restorePoints ? facts.restorePoints.list : [];
    expect(list.map(({ restorable }) => restorable)).toEqual(['yes', 'no']);
    const point = list[0]!.point;
    // The next whole second: everything that was written until then is in it.
    expect(new Date(point).getTime() - (now - 2 * 3_600_000)).toBeGreaterThanOrEqual(-1000);
    expect(report(facts)).toContain(`\n    npx cdk-nocobase restore --to ${point} --stack Prod\n`);
    expect(report(facts)).toMatch(/before ".*" began {2}\(no longer: backups of that time are gone\)/);
  });

  test('nodes that stand by after a failed upgrade are the first that is said', async () => {
    await cluster.log(
      'is superseded: "x" has begun on this database and was given up, and this node must not run on what that has migrated; users see a page (503). Deploy a version that works',
    );
    expect(report(await status())).toMatch(
      /^.*\n\nAN UPGRADE FAILED.*\n {2}is superseded: "x" has begun on this database/,
    );
  });

  test('what somebody may not see is a sentence in its place', async () => {
    const client = await connectTo(aws);
    client.rds.middlewareStack.add(
      () => async () => {
        throw Object.assign(new Error('User: arn:aws:iam::123456789012:user/me is not authorized to perform: x'), {
          name: 'AccessDenied',
        });
      },
      { step: 'initialize', priority: 'low', name: 'denies' },
    );
    const text = report(await gather(client, await findCluster(client, OPTIONS), OPTIONS, new Date()));
    expect(text).toMatch(
      /\nDatabase\n {2}not known: AWS does not let arn:aws:iam::123456789012:user\/me do rds:DescribeDBInstances/,
    );
    expect(text).toMatch(/\nNodes\n {2}\S+: 2 of 2 run/);
    expect(text).toContain('whether RDS can restore to it is not known');
  });

  test('the program that is shipped prints it for programs', async () => {
    const program = path.join(directory, 'cdk-nocobase.js');
    execFileSync(process.execPath, [path.join(__dirname, '../../scripts/command.mjs'), program]);
    const { protocol, hostname, port } = await aws.client(ElasticLoadBalancingV2Client).config.endpoint!();
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [program, 'status', '--stack', 'Prod', '--json'],
        { env: { PATH: process.env.PATH, ...environmentFor(`${protocol}//${hostname}:${port}`, REGION) } },
        (_, out, err) => resolve({ stdout: out, stderr: err }),
      );
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      stack: 'Prod',
      cluster: 'NocoBase',
      maintenance: { on: false },
      database: { facts: { instance: cluster.outputs.DatabaseInstance, status: 'available' } },
      fleets: { list: [{ running: 2, desired: 2, bounds: { min: 2, max: 4 } }] },
    });
  });
});

describe('maintenance', () => {
  const run = async (does: 'begin' | 'end' | 'restart', io = new Onlooker()) => {
    await maintain(await connectTo(aws), io, OPTIONS, does);
    return io;
  };
  const isOn = async () => {
    const client = await connectTo(aws);
    return isInMaintenance(client, await findCluster(client, OPTIONS));
  };
  const codes = async () => {
    const { TargetGroups } = await aws.client(ElasticLoadBalancingV2Client).send(new DescribeTargetGroupsCommand({}));
    return TargetGroups!.map(({ Matcher }) => Matcher?.HttpCode);
  };

  test('begin takes the cluster to one node and shows how', async () => {
    const io = await run('begin');
    expect(io.lines[0]).toBe('maintenance begin of Prod:');
    expect(io.lines.at(-1)).toMatch(/^Maintenance is on: one node runs/);
    // Each state once, however often it is entered.
    expect(new Set(io.lines).size).toBe(io.lines.length);
    expect(io.lines.length).toBeGreaterThan(4);
    expect([await isOn(), (await cluster.service()).runningCount, await codes()]).toEqual([true, 1, ['200,503']]);
    expect(report(await status())).toMatch(/\nMaintenance\n {2}ON: one node/);
  });

  test('a restart meanwhile is refused with the sentence of the state machine', async () => {
    await expect(run('restart')).rejects.toThrow(/maintenance/i);
  });

  test('end takes it back, and a second end changes nothing', async () => {
    for (let times = 0; times < 2; times++) {
      const io = await run('end');
      expect(io.lines.at(-1)).toBe('Maintenance is off: nodes are as the template says.');
      expect([await isOn(), (await cluster.service()).runningCount, await codes()]).toEqual([false, 2, ['200']]);
    }
  });

  test('an end can be forced', async () => {
    await run('begin');
    await maintain(await connectTo(aws), new Onlooker(), OPTIONS, 'end', true);
    expect(await isOn()).toBe(false);
  });

  test('restart replaces all nodes', async () => {
    const [before] = (await cluster.service()).deployments!;
    await run('restart');
    const after = (await cluster.service()).deployments!;
    expect(after).toMatchObject([{ rolloutState: 'COMPLETED' }]);
    expect(after[0]!.id).not.toBe(before!.id);
  });

  test('one that failed is told with its cause', async () => {
    const client = await connectTo(aws);
    const { maintenanceStateMachine } = await findCluster(client, OPTIONS);
    const wrong = await start(client, maintenanceStateMachine!, 'nonsense' as 'begin');
    await expect(follow(client, new Onlooker(), wrong)).rejects.toThrow(
      /^The input has to be \{"do": "begin"\}.*\nIt is safe to run it again\. Execution: arn:/,
    );
  });
});

describe('after an upgrade', () => {
  test('both versions are told as long as both are there', async () => {
    await cluster.deploy(NEW);
    expect(report(await status())).toMatch(/revision 2 {2}\S+:2\.2\.15 {2}PRIMARY, COMPLETED/);
  });
});
