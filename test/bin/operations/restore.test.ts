import type { DBInstance } from '@aws-sdk/client-rds';
import fc from 'fast-check';
import type { Suspension } from '../../../bin/operations/fleets';
import { checkedInstance, checkKind, checkPending, checkShared, checkStack } from '../../../bin/restore/checks';
import { keptFor, keptName, memoryOf, remembered } from '../../../bin/restore/marks';
import { notCarriedOver } from '../../../bin/restore/plan';
import { changes, differences, restoreSettings } from '../../../bin/restore/properties';
import { done } from '../../../bin/restore/report';

const POINT = new Date('2026-03-01T21:14:07Z');

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

describe('a database that is not this cluster’s alone', () => {
  const context = (ownsDatabase: boolean) =>
    ({
      cluster: { stackName: 'Prod', ownsDatabase },
      instance: 'db',
      options: { stack: 'Prod' },
      point: POINT,
    }) as never;

  test('goes back only if that is said', () => {
    expect(() => checkShared(context(false), false)).toThrow(
      /all databases on it.*\n {2}npx cdk-nocobase restore --to 2026-03-01T21:14:07Z --whole-instance --stack Prod/s,
    );
    expect(() => checkShared(context(false), true)).not.toThrow();
    expect(() => checkShared(context(true), false)).not.toThrow();
  });
});

test('changes that wait for the maintenance window are not made by a rename', () => {
  expect(() =>
    checkPending({ DBInstanceIdentifier: 'db', PendingModifiedValues: { EngineVersion: '18' } }, 'kept'),
  ).toThrow(
    /wait for its maintenance window: EngineVersion\..*aws rds modify-db-instance --db-instance-identifier db/s,
  );
  expect(() => checkPending({ DBInstanceIdentifier: 'db', PendingModifiedValues: {} }, 'kept')).not.toThrow();
  // RDS was told to rename it, and has not begun.
  const renamed = { DBInstanceIdentifier: 'db', PendingModifiedValues: { DBInstanceIdentifier: 'kept' } };
  expect(() => checkPending(renamed, 'kept')).not.toThrow();
  expect(() => checkPending(renamed, 'other')).toThrow('DBInstanceIdentifier');
});

test('who restores a second time reads what that does not undo, and where the data of before is', () => {
  const context = { cluster: { stackName: 'Prod' }, instance: 'db', kept: 'db-kept', point: POINT } as never;
  const text = done(context, { InstanceCreateTime: new Date('2026-03-02T01:00:00Z') }, {}).join('\n');
  expect(text).toContain('back at 2026-03-01T21:14:07Z already: db was restored to it at 2026-03-02T01:00:00Z.');
  expect(text).toMatch(/since then, an upgrade too, is not undone.*is in db-kept/s);
  expect(done(context, {}).join('\n')).toContain('db-kept, which is gone');
});

describe('what is remembered', () => {
  test('is found again, whatever it is', () => {
    const count = fc.nat({ max: 1000 });
    const memory = fc.record({
      suspended: fc.subarray<Suspension>(['in', 'out', 'scheduled']),
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

  test('two long names that begin alike have different ones, also within the same second', () => {
    const names = ['one', 'two'].map((end) => keptName(`production-nocobase-database-instance-${end}`, POINT));
    expect(new Set(names).size).toBe(2);
    expect(keptFor('one', POINT)).not.toBe(keptFor('two', POINT));
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
    }).join('\n');
    for (const part of ['r1', 'arn:secret', 'activity stream']) expect(text).toContain(part);
    expect(notCarriedOver(instance)).toHaveLength(2);
  });
});
