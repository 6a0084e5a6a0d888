import type { DBInstance } from '@aws-sdk/client-rds';
import fc from 'fast-check';
import { fleetsOf } from '../../../bin/operations/fleets';
import { checkedInstance, checkKind, checkStack } from '../../../bin/restore/checks';
import type { Context } from '../../../bin/restore/context';
import { keptName, memoryOf, remembered } from '../../../bin/restore/marks';
import { comeBack, toZero } from '../../../bin/restore/nodes';
import { notCarriedOver } from '../../../bin/restore/plan';
import { changes, differences, restoreSettings } from '../../../bin/restore/properties';
import { fakeAws, Listener } from './fake-aws';

describe('before anything is changed', () => {
  const cluster = { stackName: 'Prod', stackStatus: 'UPDATE_COMPLETE', databaseInstance: 'db' } as never;

  test.each(['CREATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_FAILED'])(
    '%s is at rest',
    (stackStatus) => {
      expect(() => checkStack({ ...(cluster as object), stackStatus } as never)).not.toThrow();
    },
  );

  test.each(['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS'])(
    '%s is not',
    (stackStatus) => {
      expect(() => checkStack({ ...(cluster as object), stackStatus } as never)).toThrow(
        `CloudFormation is at work on the stack Prod (${stackStatus})`,
      );
    },
  );

  test('a database that is no RDS instance is refused, and where it says how to go on', () => {
    expect(checkedInstance(cluster)).toBe('db');
    expect(() => checkedInstance({ stackName: 'Prod' } as never)).toThrow(
      /no RDS instance.*\n.*Aurora.*\n.*"Other databases"/,
    );
  });

  test('so is a member of Aurora, and a replica', () => {
    expect(() =>
      checkKind({ DBInstanceIdentifier: 'db', DBClusterIdentifier: 'c', Engine: 'aurora-postgresql' }),
    ).toThrow('db belongs to the cluster c (aurora-postgresql)');
    expect(() => checkKind({ DBInstanceIdentifier: 'db', ReadReplicaSourceDBInstanceIdentifier: 'a' })).toThrow(
      'db is a replica of a. Restore that one, by hand.',
    );
  });
});

describe('what is remembered', () => {
  test('is found again, whatever it is', () => {
    const count = fc.nat({ max: 1000 });
    const memory = fc.record({
      to: fc.constant('2026-03-01T21:14:07Z'),
      bounds: fc.option(fc.record({ min: count, max: count }), { nil: undefined }),
      count,
      revision: count,
    });
    fc.assert(
      fc.property(memory, (each) => {
        const value = remembered(each);
        expect(value).toMatch(/^[\w .:/=+@-]{1,256}$/);
        expect(memoryOf([{ key: 'cdk-nocobase:before-restore', value }])).toEqual(each);
      }),
      { seed: 1 },
    );
  });

  test('the name of the kept instance is one that RDS takes, however long the other is', () => {
    const identifier = fc
      .stringMatching(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/)
      .filter((name) => name.length <= 63 && !name.includes('--'));
    fc.assert(
      fc.property(identifier, (name) => {
        const kept = keptName(name, new Date('2026-03-01T21:14:07Z'));
        expect(kept).toMatch(/^[a-z](?!.*--)[a-z0-9-]{0,61}[a-z0-9]$/);
        expect(kept).toMatch(/-before-restore-20260301-211407$/);
      }),
      { seed: 1 },
    );
  });
});

describe('properties', () => {
  const instance: DBInstance = {
    DBInstanceIdentifier: 'db',
    MultiAZ: false,
    AvailabilityZone: 'eu-central-1b',
    StorageType: 'gp3',
    AllocatedStorage: 20,
    Iops: 3000,
    StorageThroughput: 125,
    OptionGroupMemberships: [{ OptionGroupName: 'default:postgres-17' }],
    DBParameterGroups: [{ DBParameterGroupName: 'pg' }],
    VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-2' }, { VpcSecurityGroupId: 'sg-1' }],
    EnabledCloudwatchLogsExports: ['upgrade', 'postgresql'],
  };

  test('a small gp3 volume has a fixed performance, which RDS must not be told', () => {
    const settings = restoreSettings(instance);
    expect(settings).toMatchObject({ StorageType: 'gp3', AllocatedStorage: 20, AvailabilityZone: 'eu-central-1b' });
    expect(Object.keys(settings)).not.toEqual(expect.arrayContaining(['Iops']));
    expect(restoreSettings({ ...instance, AllocatedStorage: 400 })).toMatchObject({
      Iops: 3000,
      StorageThroughput: 125,
    });
    expect(restoreSettings({ ...instance, StorageType: 'io2' })).toMatchObject({ Iops: 3000 });
    expect(restoreSettings({ ...instance, StorageType: 'io2' })).not.toHaveProperty('StorageThroughput');
  });

  test('with a standby there is no zone to choose', () => {
    expect(restoreSettings({ ...instance, MultiAZ: true })).not.toHaveProperty('AvailabilityZone');
  });

  test('option groups of one’s own are named, the default one is not', () => {
    expect(restoreSettings(instance)).not.toHaveProperty('OptionGroupName');
    const own = { ...instance, OptionGroupMemberships: [{ OptionGroupName: 'own' }] };
    expect(restoreSettings(own)).toHaveProperty('OptionGroupName', 'own');
  });

  test('two that are alike have no differences, in whatever order groups are listed', () => {
    const other = { ...instance, VpcSecurityGroups: [...instance.VpcSecurityGroups!].reverse() };
    expect([differences(instance, other), changes(instance, other)]).toEqual([[], {}]);
  });

  test('what is different is changed as far as it can be, and told', () => {
    const now = { ...instance, BackupRetentionPeriod: 1, EnabledCloudwatchLogsExports: [], DBInstanceClass: 'db.x' };
    const before = { ...instance, BackupRetentionPeriod: 14, DBInstanceClass: 'db.y' };
    expect(changes(before, now)).toEqual({
      BackupRetentionPeriod: 14,
      CloudwatchLogsExportConfiguration: { EnableLogTypes: ['postgresql', 'upgrade'], DisableLogTypes: [] },
    });
    expect(differences(before, now)).toEqual([
      { name: 'DBInstanceClass', was: 'db.y', is: 'db.x' },
      { name: 'BackupRetentionPeriod', was: '14', is: '1' },
      { name: 'CloudwatchLogsExports', was: 'postgresql, upgrade', is: 'none' },
    ]);
  });

  test('what AWS cannot carry over is named where it is there', () => {
    const text = notCarriedOver({
      ...instance,
      ReadReplicaDBInstanceIdentifiers: ['r1'],
      MasterUserSecret: { SecretArn: 'arn:secret' },
      ActivityStreamStatus: 'started',
      PendingModifiedValues: { DBInstanceClass: 'db.z' },
    }).join('\n');
    for (const part of ['r1', 'arn:secret', 'activity stream', 'DBInstanceClass']) expect(text).toContain(part);
    expect(notCarriedOver(instance)).toHaveLength(2);
  });
});

describe('nodes of several fleets', () => {
  /** ECS and scaling, as far as counts go. */
  function world(names: readonly string[]) {
    const services = new Map(
      names.map((name, index) => [name, { min: index, max: 4, count: index + 1, revision: 9, tags: [] as any[] }]),
    );
    const arn = (name: string) => `arn:aws:ecs:eu-central-1:1:service/ecs/${name}`;
    const byArn = (given: string) => services.get(given.split('/').at(-1)!)!;
    const definition = (taskDefinition: string) => {
      const [family, revision] = taskDefinition.split('/').at(-1)!.split(':');
      return {
        family,
        revision: Number(revision),
        status: 'ACTIVE',
        taskDefinitionArn: `arn:td/${family}:${revision}`,
      };
    };
    const { aws, asked } = fakeAws({
      DescribeServices: ({ services: wanted }) => ({
        services: wanted.map((name: string) => {
          const { count, revision, tags } = services.get(name)!;
          return {
            serviceName: name,
            serviceArn: arn(name),
            status: 'ACTIVE',
            runningCount: count,
            desiredCount: count,
            taskDefinition: `arn:td/${name}:${revision}`,
            deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED' }],
            tags: [...tags],
          };
        }),
      }),
      DescribeScalableTargets: () => ({
        ScalableTargets: [...services].map(([name, { min, max }]) => ({
          ResourceId: `service/ecs/${name}`,
          MinCapacity: min,
          MaxCapacity: max,
        })),
      }),
      TagResource: ({ resourceArn, tags }) => byArn(resourceArn).tags.push(...tags),
      UntagResource: ({ resourceArn }) => byArn(resourceArn).tags.splice(0),
      RegisterScalableTarget: ({ ResourceId, MinCapacity, MaxCapacity }) => {
        const it = byArn(ResourceId);
        Object.assign(it, { min: MinCapacity, max: MaxCapacity });
        it.count = Math.max(it.min, Math.min(it.max, it.count));
      },
      UpdateService: ({ service, desiredCount, taskDefinition }) => {
        const it = services.get(service)!;
        if (desiredCount !== undefined) it.count = desiredCount;
        if (taskDefinition) it.revision = definition(taskDefinition).revision;
      },
      ListTasks: ({ serviceName, desiredStatus }) => ({
        taskArns:
          desiredStatus === 'RUNNING'
            ? Array.from({ length: services.get(serviceName)!.count }, (_, i) => `${serviceName}/${i}`)
            : [],
      }),
      DescribeTasks: ({ tasks }) => ({
        tasks: tasks.map((task: string) => {
          const name = task.split('/')[0]!;
          return {
            lastStatus: 'RUNNING',
            healthStatus: 'HEALTHY',
            taskDefinitionArn: `arn:td/${name}:${services.get(name)!.revision}`,
          };
        }),
      }),
      DescribeTaskDefinition: ({ taskDefinition }) => ({ taskDefinition: definition(taskDefinition) }),
    });
    const io = new Listener();
    const cluster = { ecsCluster: 'ecs', services: names, stackName: 'Prod', logGroup: 'logs' };
    const context = { aws, io, cluster, point: new Date('2026-03-01T21:14:07Z') } as unknown as Context;
    return { services, asked, context, io };
  }

  test('all are stopped, all remember, and all come back as they were', async () => {
    const { services, asked, context } = world(['web', 'workflows', 'exports']);
    const before = structuredClone([...services]);
    const fleets = await fleetsOf(context.aws, context.cluster);
    const targets = new Map(fleets.map(({ service }) => [service, { revision: 7 } as never]));
    await toZero(context, fleets, targets);
    expect([...services.values()].map(({ min, max, count }) => [min, max, count])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    // Nothing is taken before everything is remembered.
    const changesMade = asked.map(([name]) => name).filter((name) => /^(Tag|Register|Update)/.test(name));
    expect(changesMade.slice(0, 3)).toEqual(['TagResource', 'TagResource', 'TagResource']);
    await comeBack(context);
    expect([...services].map(([name, { min, max, tags }]) => [name, min, max, tags])).toEqual(
      before.map(([name, { min, max }]) => [name, min, max, []]),
    );
    expect([...services.values()].map(({ revision }) => revision)).toEqual([7, 7, 7]);
    // The bounds raise a count to the least; the one whose least is none gets its own.
    expect([...services.values()].map(({ count }) => count)).toEqual([1, 1, 2]);
  });
});
