import { type Size, SizeRoundingBehavior } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { checkCertificate } from '../certificate';
import { checkRequired } from '../given';
import { checkDays, checkUnit, invalidProp, isKnown, refuseToken } from '../invalid-prop';
import { checkKey, checkRegion } from '../same-region';
import { checkIdentifier } from './database-contributions';
import type { DatabaseSnapshot, PostgresDatabaseProps } from './postgres-props';
import { checkTableNaming } from './table-naming';

const DEFAULT_STORAGE = 20;
const LARGEST_STORAGE = 65536;
/** Where nobody has said how much a snapshot has. Only what is used costs. */
const ROOM_FOR_SNAPSHOT = 1024;

/** In GiB. What is allocated is left to RDS where it comes with the snapshot. */
export function storageOf(props: PostgresDatabaseProps): { readonly allocated?: number; readonly maximum: number } {
  const allocated = gibibytes(props.allocatedStorage) ?? (props.snapshot ? undefined : DEFAULT_STORAGE);
  const maximum =
    gibibytes(props.maxAllocatedStorage) ??
    (allocated === undefined ? ROOM_FOR_SNAPSHOT : Math.min(allocated * 10, LARGEST_STORAGE));
  return { allocated, maximum };
}

function gibibytes(size: Size | undefined): number | undefined {
  return size?.toGibibytes({ rounding: SizeRoundingBehavior.NONE });
}

export function checkPostgresProps(scope: IConstruct, props: PostgresDatabaseProps) {
  const major = props.version?.postgresMajorVersion;
  if (major !== undefined && isKnown(major) && !['15', '16', '17'].includes(major)) {
    throw invalidProp(scope, {
      prop: 'database.version',
      problem: `PostgreSQL ${major} is not one of 15, 16, 17`,
      remedy:
        'Leave it out for 17: the NocoBase image carries the clients of 16 and 17, and RDS enforces TLS from 15 on',
    });
  }
  const instanceClass = props.instanceType?.toString();
  if (instanceClass !== undefined && isKnown(instanceClass) && !/^(?!db\.)[a-z0-9-]+\.[a-z0-9]+$/.test(instanceClass)) {
    throw invalidProp(scope, {
      prop: 'database.instanceType',
      problem: `'${instanceClass}' is not an instance type as CDK writes it, without db.`,
      remedy: "Write e.g. new ec2.InstanceType('m7g.large')",
    });
  }
  const backups = 'Write e.g. Duration.days(14): without automated backups an upgrade cannot be undone';
  checkDays(scope, 'database.backupRetention', props.backupRetention, 1, 35, backups);
  checkStorage(scope, props);
  checkCertificate(scope, 'database.caCertificate', props.caCertificate);
  checkTableNaming(scope, props);
  checkKey(scope, props.encryptionKey);
  if (props.snapshot) checkSnapshot(scope, props.snapshot);
}

function checkStorage(scope: IConstruct, props: PostgresDatabaseProps) {
  for (const prop of ['allocatedStorage', 'maxAllocatedStorage'] as const) {
    checkUnit(scope, `database.${prop}`, 'Size', props[prop], 'Write e.g. Size.gibibytes(100)');
    refuseToken(scope, `database.${prop}`, props[prop]);
  }
  const { allocated, maximum } = storageOf(props);
  if (allocated !== undefined && !isWhole(allocated, DEFAULT_STORAGE)) {
    throw invalidProp(scope, {
      prop: 'database.allocatedStorage',
      problem: `must be whole GiB between 20 GiB and 64 TiB for gp3, got: ${allocated} GiB`,
      remedy: 'Start with Size.gibibytes(20); it grows by itself',
    });
  }
  if (!isWhole(maximum, 0)) {
    throw invalidProp(scope, {
      prop: 'database.maxAllocatedStorage',
      problem: `must be whole GiB, at most 64 TiB, got: ${maximum} GiB`,
      remedy: 'Leave it out for ten times what is allocated',
    });
  }
  if (props.maxAllocatedStorage !== undefined && allocated !== undefined && maximum * 10 < allocated * 11) {
    throw invalidProp(scope, {
      prop: 'database.maxAllocatedStorage',
      problem: `${maximum} GiB is less than 10% above the allocated ${allocated} GiB, which RDS refuses`,
      remedy: `Set at least Size.gibibytes(${Math.ceil((allocated * 11) / 10)})`,
    });
  }
}

function isWhole(gib: number, from: number): boolean {
  return Number.isInteger(gib) && gib >= from && gib <= LARGEST_STORAGE;
}

function checkSnapshot(scope: IConstruct, { snapshotIdentifier, username, databaseName }: DatabaseSnapshot) {
  checkIdentifier(scope, 'database.databaseName', databaseName);
  // The Secret is called by it.
  refuseToken(scope, 'database.username', username);
  checkIdentifier(scope, 'database.username', username);
  checkRequired(scope, { 'database.snapshotIdentifier': snapshotIdentifier });
  if (!isKnown(snapshotIdentifier)) return;
  const snapshot = /^(arn:[\w-]+:rds:([\w-]+):\d+:snapshot:)?(rds:|awsbackup:)?[A-Za-z][\w-]*$/.exec(
    snapshotIdentifier,
  );
  if (snapshot === null) {
    throw invalidProp(scope, {
      prop: 'database.snapshotIdentifier',
      problem: `'${snapshotIdentifier}' is not a snapshot of an RDS instance`,
      remedy: "Write its name, e.g. 'rds:nocobase-2026-01-31-04-05', or its ARN",
    });
  }
  const [, arn, region] = snapshot;
  if (arn === undefined) return;
  checkRegion(scope, 'database.snapshotIdentifier', {
    what: `'${snapshotIdentifier}'`,
    region,
    remedy: 'Copy it there (aws rds copy-db-snapshot), and give the copy',
  });
}
