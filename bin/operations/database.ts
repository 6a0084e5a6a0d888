import {
  type DBInstance,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
} from '@aws-sdk/client-rds';
import type { Aws } from './aws';
import { isAws } from './aws-failure';

export async function instanceOf(aws: Aws, identifier: string): Promise<DBInstance | undefined> {
  try {
    const { DBInstances } = await aws.rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }));
    return DBInstances?.[0];
  } catch (error) {
    if (isAws(error, /^DBInstanceNotFound/)) return undefined;
    throw error;
  }
}

/** To which moments an instance can be restored. */
export interface Window {
  readonly earliest?: Date;
  readonly latest?: Date;
}

export async function windowOf(aws: Aws, instance: DBInstance, now: Date): Promise<Window> {
  const { DBInstanceAutomatedBackups = [] } = await aws.rds.send(
    new DescribeDBInstanceAutomatedBackupsCommand({ DbiResourceId: instance.DbiResourceId }),
  );
  const { RestoreWindow } =
    DBInstanceAutomatedBackups.find(({ DbiResourceId }) => DbiResourceId === instance.DbiResourceId) ?? {};
  return {
    earliest: RestoreWindow?.EarliestTime ?? earliestByRetention(instance, now),
    // It moves on every few minutes; the instance says it sooner.
    latest: instance.LatestRestorableTime ?? RestoreWindow?.LatestTime,
  };
}

function earliestByRetention({ BackupRetentionPeriod: days = 0, InstanceCreateTime: made }: DBInstance, now: Date) {
  if (days === 0) return undefined;
  const kept = new Date(now.getTime() - days * 24 * 3_600_000);
  return made && made > kept ? made : kept;
}
