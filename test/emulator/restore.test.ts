import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  AddTagsToResourceCommand,
  type DBInstance,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceCommandInput,
  RDSClient,
} from '@aws-sdk/client-rds';
import { findCluster } from '../../bin/operations/cluster';
import { written } from '../../bin/operations/point';
import { takeBack } from '../../bin/restore/command';
import { keptName } from '../../bin/restore/marks';
import { LocalAws } from './local-aws';
import {
  agedBy,
  connectTo as connectToToday,
  Interrupted,
  interruptAt,
  NEW,
  OLD,
  Onlooker,
  OPTIONS,
  OperatedCluster,
} from './operated-cluster';

// The command against the APIs of RDS, ECS and CloudFormation: one deployment and one upgrade, then restore after restore.

let aws: LocalAws;
let cluster: OperatedCluster;
/** What was deployed, long before any restore point. */
const AGE_MS = 24 * 3_600_000;
const connectTo = async (local: LocalAws) => agedBy(await connectToToday(local), AGE_MS);
/** Of the new version, as it was deployed. */
let newRevision: string;
/** When nodes of both versions were there. */
let meanwhile: Date;
let moments = 0;

beforeAll(async () => {
  aws = await LocalAws.start();
  cluster = new OperatedCluster(aws);
  await aws.bootstrap();
  await cluster.deploy(OLD);
  await cluster.deploy(NEW);
  newRevision = (await cluster.service()).taskDefinition!;
  meanwhile = new Date(+(await cluster.registeredAt(newRevision)) - AGE_MS);
});
afterAll(() => aws?.stop());

/** The cluster as an upgrade leaves it; returns the restore point, each later than the one before. */
async function upgraded(): Promise<Date> {
  moments += 10;
  const point = new Date(Math.floor(Date.now() / 1000 - 3600 + moments) * 1000);
  await cluster.use(newRevision);
  await cluster.scale(2, 4);
  const isFirst = (await cluster.revisions()).length === 1;
  const noted = `${written(point).replace('T', ' ').replace('Z', '')}.000000+00`;
  await cluster.begins(newRevision, noted, isFirst ? meanwhile : new Date());
  return point;
}

interface Asked {
  readonly point: Date;
  readonly io?: Onlooker;
  readonly yes?: boolean;
  readonly revisions?: string[];
}

async function restored({ point, io = new Onlooker(), yes = true, revisions = [] }: Asked): Promise<Onlooker> {
  await takeBack(await connectTo(aws), io, OPTIONS, { point, yes, revisions });
  return io;
}

const refusal = (asked: Asked) =>
  restored(asked).then(
    () => 'nothing was refused',
    ({ message }: Error) => message,
  );

async function bounds() {
  const { ScalableTargets } = await aws
    .client(ApplicationAutoScalingClient)
    .send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
  for (const { SuspendedState = {} } of ScalableTargets!) expect(Object.values(SuspendedState)).not.toContain(true);
  return ScalableTargets!.map(({ MinCapacity, MaxCapacity }) => [MinCapacity, MaxCapacity]);
}

/** The database, when RDS is through with what was changed. */
async function settled(): Promise<DBInstance> {
  for (let looks = 0; looks < 3; looks++) await cluster.instance();
  const instance = await cluster.instance();
  expect(instance.DBInstanceStatus).toBe('available');
  return instance;
}

/** As it is to be after a restore. */
async function expectRestored(point: Date) {
  const name = cluster.outputs.DatabaseInstance!;
  const { DBInstanceStatus, TagList } = await settled();
  expect({ DBInstanceStatus, TagList }).toEqual({
    DBInstanceStatus: 'available',
    TagList: expect.arrayContaining([{ Key: 'cdk-nocobase:restored-to', Value: written(point) }]),
  });
  expect(await cluster.instances()).toContain(keptName(name, point));
  expect(await cluster.version()).toBe(OLD);
  expect(await bounds()).toEqual([[2, 4]]);
  const { runningCount, tags = [] } = await cluster.service();
  expect(runningCount).toBe(2);
  expect(tags.filter(({ key }) => key!.startsWith('cdk-nocobase:'))).toEqual([]);
}

/** What a restored instance cannot have of the one before. */
function comparable({ TagList = [], ...instance }: DBInstance) {
  const { DbiResourceId, InstanceCreateTime, LatestRestorableTime, ...rest } = instance;
  return { ...rest, TagList: TagList.filter(({ Key }) => !/^(aws|cdk-nocobase):/.test(Key!)) };
}

describe('before anything is changed', () => {
  let point: Date;
  beforeAll(async () => {
    point = await upgraded();
  });
  afterEach(async () => {
    // Whatever was refused.
    expect(await cluster.instances()).toEqual([cluster.outputs.DatabaseInstance]);
    expect(await bounds()).toEqual([[2, 4]]);
    expect((await cluster.service()).tags?.filter(({ key }) => key!.startsWith('cdk-nocobase:'))).toEqual([]);
  });

  const ahead = (hours: number) => new Date(Math.floor(Date.now() / 1000 + hours * 3600) * 1000);

  test('a moment that has not come is refused', async () => {
    expect(await refusal({ point: ahead(1) })).toMatch(/has not come yet: it is 2\d\d\d-.*Z, in UTC/);
  });

  test('so is one of which there are no backups any more', async () => {
    const message = await refusal({ point: ahead(-24 * 20) });
    expect(message).toMatch(
      /RDS can restore \S+ to 2\d\d\d-\S+ and later; \S+ is before that\.\nBackups are kept for 14 days/,
    );
    expect(message).toContain('npx cdk-nocobase status --stack Prod');
  });

  test('nobody is taken for consenting who cannot be asked', async () => {
    expect(await refusal({ point, yes: false })).toBe(
      `Nobody can be asked here. Nothing was changed. If this is what you want, say so:\n  npx cdk-nocobase restore --to ${written(point)} --yes --stack Prod`,
    );
  });

  test('somebody who does not type the name of the stack has not consented', async () => {
    const io = new Onlooker(0, 'yes');
    expect(await refusal({ point, yes: false, io })).toBe('Nothing was changed.');
    expect(io.text).toContain(`Takes Prod (eu-central-1) back to ${written(point)}.`);
    expect(io.text).toMatch(/Undone: "\S+:2\.2\.15 preinstalled.*", which began after /);
    expect(io.text).toContain(keptName(cluster.outputs.DatabaseInstance!, point));
  });

  test('a database without backups is refused', async () => {
    const rds = aws.client(RDSClient);
    const DBInstanceIdentifier = cluster.outputs.DatabaseInstance;
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, BackupRetentionPeriod: 0 }));
    expect(await refusal({ point })).toMatch(/has no automated backups \(backup retention is 0\)/);
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, BackupRetentionPeriod: 14 }));
    await settled();
  });

  test('maintenance has to be ended first', async () => {
    const { holdRule: Name } = await findCluster(await connectTo(aws), OPTIONS);
    const events = aws.client(EventBridgeClient);
    await events.send(new EnableRuleCommand({ Name }));
    expect(await refusal({ point })).toMatch(/Maintenance is on.*\n {2}npx cdk-nocobase maintenance end --stack Prod/);
    await events.send(new DisableRuleCommand({ Name }));
  });

  test('an instance that the stack has not made goes back only if that is said', async () => {
    const client = await connectTo(aws);
    client.cloudFormation.middlewareStack.add(
      (next: any) => async (args: any) => {
        const answer = await next(args);
        const { StackResourceSummaries: all } = answer.output;
        if (all) {
          answer.output.StackResourceSummaries = all.filter(
            (each: any) => each.ResourceType !== 'AWS::RDS::DBInstance',
          );
        }
        return answer;
      },
      { step: 'initialize', priority: 'low', name: 'elsewhere' },
    );
    const asked = { point, yes: true, revisions: [] };
    await expect(takeBack(client, new Onlooker(), OPTIONS, asked)).rejects.toThrow('--whole-instance --stack Prod');
    const io = new Onlooker(0, 'no');
    await expect(takeBack(client, io, OPTIONS, { ...asked, yes: false, wholeInstance: true })).rejects.toThrow(
      'Nothing was changed.',
    );
    expect(io.text).toContain('THE WHOLE INSTANCE');
  });

  test('a version of which no log says when it began is not started on what was before it', async () => {
    // After all restore points that were logged, and before any revision was made.
    const asked = { point: ahead(-0.5), yes: true, revisions: [] };
    await expect(takeBack(await connectToToday(aws), new Onlooker(), OPTIONS, asked)).rejects.toThrow(
      /cannot be told.*--revision \S+:<number> --stack Prod\nThe last ones are:\n {2}\S+:2 /s,
    );
  });

  test('what somebody has changed while the question stood is not taken back', async () => {
    const io = new Onlooker(0, 'Prod');
    const { ask } = io;
    io.ask = async (question) => {
      await cluster.scale(1, 4);
      return ask.call(io, question);
    };
    expect(await refusal({ point, yes: false, io })).toMatch(
      /Nothing was changed\. Run this again\.\n {2}bounds of \S+: 2–4 → 1–4/,
    );
    await cluster.scale(2, 4);
  });

  test('a revision of no service of the cluster is refused', async () => {
    expect(await refusal({ point, revisions: ['other:1'] })).toMatch(
      /no service of this cluster has nodes of that family/,
    );
  });

  test('what is not allowed is a sentence', async () => {
    const denied = await connectTo(aws);
    denied.rds.middlewareStack.add(
      () => async () => {
        throw Object.assign(
          new Error(
            'User: arn:aws:iam::123456789012:user/me is not authorized to perform: rds:DescribeDBInstances on resource: x',
          ),
          {
            name: 'AccessDenied',
          },
        );
      },
      { step: 'initialize', priority: 'low', name: 'denies' },
    );
    await expect(takeBack(denied, new Onlooker(), OPTIONS, { point, yes: true, revisions: [] })).rejects.toThrow(
      'AWS does not let arn:aws:iam::123456789012:user/me do rds:DescribeDBInstances in eu-central-1.',
    );
  });
});

test('the database is back under its name, and nodes are of the version before', async () => {
  const point = await upgraded();
  // CloudFormation has deregistered what it replaced.
  expect(await cluster.revisions('INACTIVE')).not.toEqual([]);
  const { text } = await restored({ point });
  await expectRestored(point);
  expect(text).toMatch(/revision \d+ was deregistered; revision \d+ is a copy of it/);
  expect(text).toContain(`nodes run nocobase/nocobase:${OLD}.`);
  expect(text).toContain('Before the next cdk deploy: set that version');
  expect(text).toContain(
    `aws rds delete-db-instance --db-instance-identifier ${keptName(cluster.outputs.DatabaseInstance!, point)}`,
  );
});

test('a second time it says that it is done, and changes nothing', async () => {
  const point = await upgraded();
  await restored({ point });
  const client = await connectTo(aws);
  const { changes } = interruptAt(client, -1, 'before');
  const io = new Onlooker();
  await takeBack(client, io, OPTIONS, { point, yes: true, revisions: [] });
  expect(io.text).toContain(`Prod is back at ${written(point)} already`);
  expect(io.text).toMatch(/was restored to it at 2\d{3}-\S+Z\.\nWhat has happened since then.*is not undone/);
  expect(io.text).toContain(`is in ${keptName(cluster.outputs.DatabaseInstance!, point)}`);
  expect(changes).toEqual([]);
  await cluster.scale(0, 0);
  expect(await refusal({ point })).toMatch(/^But no node of \S+ runs\./);
});

test('it waits until RDS can restore to the point, and says so', async () => {
  await upgraded();
  // By the clock of the command it is past; RDS has not come so far.
  const point = new Date(Math.ceil(Date.now() / 1000 + 1) * 1000);
  const { text } = await restored({ point, io: new Onlooker(600_000) });
  expect(text).toMatch(/0\. Waits until RDS can restore to that moment/);
  expect(text).toContain(`the point is ${written(point)}`);
  expect((await cluster.instance()).TagList).toContainEqual({
    Key: 'cdk-nocobase:restored-to',
    Value: written(point),
  });
  // Nothing began after that moment.
  expect(await cluster.version()).toBe(NEW);
});

describe('every property is carried over', () => {
  const rds = () => aws.client(RDSClient);

  async function have(settings: Partial<ModifyDBInstanceCommandInput>) {
    const DBInstanceIdentifier = cluster.outputs.DatabaseInstance!;
    await rds().send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, ApplyImmediately: true, ...settings }));
    await settled();
  }

  test.each<[string, Partial<ModifyDBInstanceCommandInput>]>([
    ['with one zone', { MultiAZ: false }],
    ['with provisioned performance', { MultiAZ: false, StorageType: 'io2', Iops: 20_000, MonitoringInterval: 30 }],
    [
      'with a standby, and with all that can be chosen',
      {
        MultiAZ: true,
        AllocatedStorage: 500,
        MaxAllocatedStorage: 900,
        StorageType: 'gp3',
        Iops: 13_000,
        StorageThroughput: 600,
        DBInstanceClass: 'db.m7g.large',
        AutoMinorVersionUpgrade: false,
        PreferredBackupWindow: '02:00-02:45',
        PreferredMaintenanceWindow: 'sun:04:15-sun:05:00',
        BackupRetentionPeriod: 21,
        CopyTagsToSnapshot: true,
        DeletionProtection: true,
        EnableIAMDatabaseAuthentication: true,
        MonitoringInterval: 60,
        MonitoringRoleArn: 'arn:aws:iam::123456789012:role/monitoring',
        EnablePerformanceInsights: true,
        PerformanceInsightsRetentionPeriod: 465,
        DatabaseInsightsMode: 'advanced',
        CACertificateIdentifier: 'rds-ca-rsa2048-g1',
        PubliclyAccessible: true,
        NetworkType: 'DUAL',
        DedicatedLogVolume: true,
      },
    ],
  ])('%s', async (_, settings) => {
    const point = await upgraded();
    await have(settings);
    await rds().send(
      new AddTagsToResourceCommand({
        ResourceName: (await cluster.instance()).DBInstanceArn,
        Tags: [{ Key: 'cost-centre', Value: '42' }],
      }),
    );
    const before = await settled();
    const { text } = await restored({ point });
    const after = await settled();
    expect(comparable(after)).toEqual(comparable(before));
    expect(after.DbiResourceId).not.toBe(before.DbiResourceId);
    expect(text).toMatch(/All \d+ properties are as they were/);
  });

  test('what cannot be is reported', async () => {
    const point = await upgraded();
    const client = await connectTo(aws);
    // RDS restores the version that the database had at that time.
    client.rds.middlewareStack.add(
      (next: any, { commandName }: any) =>
        async (args: any) => {
          const answer = await next(args);
          for (const each of answer.output?.DBInstances ?? []) {
            if (each.DBInstanceIdentifier.includes('-before-restore-')) each.EngineVersion = '17.99';
          }
          return commandName ? answer : undefined;
        },
      { step: 'initialize', priority: 'low', name: 'newer' },
    );
    const io = new Onlooker();
    await takeBack(client, io, OPTIONS, { point, yes: true, revisions: [] });
    expect(io.text).toMatch(/properties are as they were\. Others:\n {4}EngineVersion: 17\.99 → 17/);
    expect(io.text).toContain('Not carried over: The resource id (db-');
  });
});

describe('it can be interrupted anywhere', () => {
  let count: number;
  beforeAll(async () => {
    const client = await connectTo(aws);
    const { changes } = interruptAt(client, -1, 'before');
    await takeBack(client, new Onlooker(), OPTIONS, { point: await upgraded(), yes: true, revisions: [] });
    count = changes.length;
    expect(changes).toEqual([
      'TagResourceCommand',
      'RegisterScalableTargetCommand',
      'UpdateServiceCommand',
      // The version before, while there is nobody to upgrade what is restored.
      'UpdateServiceCommand',
      'AddTagsToResourceCommand',
      'ModifyDBInstanceCommand',
      'RestoreDBInstanceToPointInTimeCommand',
      'ModifyDBInstanceCommand',
      'RegisterScalableTargetCommand',
      'UntagResourceCommand',
    ]);
  });

  test.each(['before', 'after'] as const)('%s AWS has what was asked', async (when) => {
    for (let n = 1; n <= count; n++) {
      const point = await upgraded();
      const before = comparable(await settled());
      const interrupted = await connectTo(aws);
      interruptAt(interrupted, n, when);
      await expect(takeBack(interrupted, new Onlooker(), OPTIONS, { point, yes: true, revisions: [] })).rejects.toThrow(
        Interrupted,
      );
      const { text } = await restored({ point });
      await expectRestored(point);
      expect(comparable(await settled())).toEqual(before);
      const isOver = n === count && when === 'after';
      const isNew = n === 1 && when === 'before';
      expect(text).toMatch(isOver ? /already/ : isNew ? /^Takes Prod/ : /^Goes on with the restore of Prod to /);
    }
  });

  test('and another restore has to wait until it is finished', async () => {
    const point = await upgraded();
    const interrupted = await connectTo(aws);
    interruptAt(interrupted, 5, 'after');
    await restoredBy(interrupted, point).catch(() => undefined);
    const other = new Date(point.getTime() - 5000);
    expect(await refusal({ point: other })).toBe(
      `A restore to ${written(point)} is under way and was not finished. Finish that one first:\n  npx cdk-nocobase restore --to ${written(point)} --stack Prod`,
    );
    await restored({ point });
    await expectRestored(point);
  });

  const restoredBy = (client: Awaited<ReturnType<typeof connectTo>>, point: Date) =>
    takeBack(client, new Onlooker(), OPTIONS, { point, yes: true, revisions: [] });
});

test('nodes that do not get healthy are told of, and the command goes on when they do', async () => {
  const point = await upgraded();
  await aws.setUnhealthyImages(`:${OLD}`);
  const io = new Onlooker();
  const { now } = io;
  let waited = 0;
  io.now = () => new Date(+now.call(io) + waited);
  io.pause = async () => {
    if (io.text.includes('none is healthy yet')) waited += 60_000;
    await new Promise(setImmediate);
  };
  expect(await refusal({ point, io })).toMatch(
    /do not get healthy: none was in 15 minutes\. The database is restored\./,
  );
  await aws.setUnhealthyImages();
  await restored({ point });
  await expectRestored(point);
});
