import type {
  DBInstance,
  DBInstanceRole,
  ModifyDBInstanceCommandInput,
  RestoreDBInstanceToPointInTimeCommandInput,
} from '@aws-sdk/client-rds';

type Restore = Partial<RestoreDBInstanceToPointInTimeCommandInput>;
type Modify = Partial<ModifyDBInstanceCommandInput>;
type Value = string | number | boolean | readonly string[] | undefined;

/**
 * A property of an instance: how to read it, and how the restored one gets it. RDS gives a restored instance its own
 * defaults where it is not told (API reference, RestoreDBInstanceToPointInTime), and takes some only afterwards.
 */
export interface Property {
  readonly name: string;
  read(instance: DBInstance): Value;
  /** With the call that restores. */
  restore?(instance: DBInstance): Restore;
  /** With a change afterwards. */
  modify?(before: DBInstance, now: DBInstance): Modify;
}

/** One of the same name everywhere. */
function plain<K extends keyof DBInstance & keyof Restore>(name: K): Property {
  return {
    name,
    read: (instance) => instance[name] as Value,
    restore: (instance) => ({ [name]: instance[name] }),
  };
}

/** One of the same name everywhere, which can be changed while the database runs. */
function changeable<K extends keyof DBInstance & keyof Restore & keyof Modify>(name: K): Property {
  return { ...plain(name), modify: (instance) => ({ [name]: instance[name] }) };
}

/** PostgreSQL on smaller gp3 volumes has a fixed performance, and RDS refuses to be told even that. */
const SMALLEST_GP3_WITH_IOPS = 400;

function hasPerformanceOfItsOwn({ StorageType, AllocatedStorage = 0 }: DBInstance): boolean {
  return /^io/.test(StorageType ?? '') || (StorageType === 'gp3' && AllocatedStorage >= SMALLEST_GP3_WITH_IOPS);
}

const groups = ({ VpcSecurityGroups = [] }: DBInstance) =>
  VpcSecurityGroups.map(({ VpcSecurityGroupId = '' }) => VpcSecurityGroupId).sort();
const parameterGroup = ({ DBParameterGroups = [] }: DBInstance) => DBParameterGroups[0]?.DBParameterGroupName;
const optionGroup = ({ OptionGroupMemberships = [] }: DBInstance) => OptionGroupMemberships[0]?.OptionGroupName;
const processor = ({ ProcessorFeatures = [] }: DBInstance) =>
  ProcessorFeatures.map(({ Name, Value }) => `${Name}=${Value}`).sort();
const port = ({ Endpoint, DbInstancePort }: DBInstance) => Endpoint?.Port ?? DbInstancePort;
const logs = ({ EnabledCloudwatchLogsExports = [] }: DBInstance) => [...EnabledCloudwatchLogsExports].sort();

/** In the order in which they are reported. */
export const PROPERTIES: readonly Property[] = [
  plain('DBInstanceClass'),
  // What the backup has: neither call may name them.
  { name: 'Engine', read: ({ Engine }) => Engine },
  { name: 'EngineVersion', read: ({ EngineVersion }) => EngineVersion },
  { name: 'MasterUsername', read: ({ MasterUsername }) => MasterUsername },
  { name: 'DBName', read: ({ DBName }) => DBName },
  { name: 'StorageEncrypted', read: ({ StorageEncrypted }) => StorageEncrypted },
  { name: 'KmsKeyId', read: ({ KmsKeyId }) => KmsKeyId },
  // The first part is the identifier, which the kept one has another of.
  { name: 'Endpoint', read: ({ Endpoint }) => Endpoint?.Address?.replace(/^[^.]*/, '') },
  { name: 'Port', read: port, restore: (instance) => ({ Port: port(instance) }) },
  {
    name: 'DBSubnetGroup',
    read: ({ DBSubnetGroup }) => DBSubnetGroup?.DBSubnetGroupName,
    restore: ({ DBSubnetGroup }) => ({ DBSubnetGroupName: DBSubnetGroup?.DBSubnetGroupName }),
  },
  {
    name: 'VpcSecurityGroups',
    read: groups,
    restore: (instance) => ({ VpcSecurityGroupIds: groups(instance) }),
    modify: (instance) => ({ VpcSecurityGroupIds: groups(instance) }),
  },
  {
    name: 'DBParameterGroup',
    read: parameterGroup,
    restore: (instance) => ({ DBParameterGroupName: parameterGroup(instance) }),
  },
  {
    name: 'OptionGroup',
    read: optionGroup,
    // The default one comes by itself.
    restore: (instance) =>
      optionGroup(instance)?.startsWith('default:') ? {} : { OptionGroupName: optionGroup(instance) },
  },
  plain('MultiAZ'),
  {
    name: 'AvailabilityZone',
    // With a standby RDS chooses which of the two zones is the first.
    read: ({ MultiAZ, AvailabilityZone }) => (MultiAZ ? undefined : AvailabilityZone),
    restore: ({ MultiAZ, AvailabilityZone }) => (MultiAZ ? {} : { AvailabilityZone }),
  },
  plain('PubliclyAccessible'),
  plain('NetworkType'),
  plain('StorageType'),
  plain('AllocatedStorage'),
  {
    name: 'Iops',
    read: ({ Iops }) => Iops,
    restore: (instance) => (hasPerformanceOfItsOwn(instance) ? { Iops: instance.Iops } : {}),
  },
  {
    name: 'StorageThroughput',
    read: ({ StorageThroughput }) => StorageThroughput,
    restore: (instance) =>
      instance.StorageType === 'gp3' && hasPerformanceOfItsOwn(instance)
        ? { StorageThroughput: instance.StorageThroughput }
        : {},
  },
  changeable('MaxAllocatedStorage'),
  plain('DedicatedLogVolume'),
  plain('LicenseModel'),
  plain('EngineLifecycleSupport'),
  {
    name: 'ProcessorFeatures',
    read: processor,
    restore: ({ ProcessorFeatures = [] }) => (ProcessorFeatures.length > 0 ? { ProcessorFeatures } : {}),
  },
  {
    name: 'CustomerOwnedIp',
    read: ({ CustomerOwnedIpEnabled }) => CustomerOwnedIpEnabled ?? false,
    restore: ({ CustomerOwnedIpEnabled }) => (CustomerOwnedIpEnabled ? { EnableCustomerOwnedIp: true } : {}),
  },
  {
    name: 'BackupTarget',
    read: ({ BackupTarget = 'region' }) => BackupTarget,
    restore: ({ BackupTarget = 'region' }) => (BackupTarget === 'region' ? {} : { BackupTarget }),
  },
  {
    name: 'Domain',
    read: ({ DomainMemberships = [] }) => DomainMemberships.map(({ Domain, FQDN }) => Domain ?? FQDN ?? ''),
    restore: ({ DomainMemberships: [domain] = [] }) =>
      domain === undefined
        ? {}
        : {
            Domain: domain.Domain,
            DomainIAMRoleName: domain.IAMRoleName,
            DomainFqdn: domain.FQDN,
            DomainOu: domain.OU,
            DomainAuthSecretArn: domain.AuthSecretArn,
            DomainDnsIps: domain.DnsIps,
          },
  },
  changeable('DeletionProtection'),
  changeable('AutoMinorVersionUpgrade'),
  changeable('CopyTagsToSnapshot'),
  changeable('BackupRetentionPeriod'),
  changeable('PreferredBackupWindow'),
  {
    name: 'PreferredMaintenanceWindow',
    read: ({ PreferredMaintenanceWindow }) => PreferredMaintenanceWindow,
    modify: ({ PreferredMaintenanceWindow }) => ({ PreferredMaintenanceWindow }),
  },
  changeable('CACertificateIdentifier'),
  {
    name: 'IAMDatabaseAuthentication',
    read: ({ IAMDatabaseAuthenticationEnabled }) => IAMDatabaseAuthenticationEnabled ?? false,
    restore: (instance) => ({ EnableIAMDatabaseAuthentication: instance.IAMDatabaseAuthenticationEnabled }),
    modify: (instance) => ({ EnableIAMDatabaseAuthentication: instance.IAMDatabaseAuthenticationEnabled }),
  },
  {
    name: 'CloudwatchLogsExports',
    read: logs,
    restore: (instance) => ({ EnableCloudwatchLogsExports: logs(instance) }),
    modify: (before, now) => ({
      CloudwatchLogsExportConfiguration: {
        EnableLogTypes: logs(before).filter((log) => !logs(now).includes(log)),
        DisableLogTypes: logs(now).filter((log) => !logs(before).includes(log)),
      },
    }),
  },
  {
    name: 'EnhancedMonitoring',
    read: ({ MonitoringInterval = 0, MonitoringRoleArn }) =>
      MonitoringInterval === 0 ? 0 : [String(MonitoringInterval), MonitoringRoleArn ?? ''],
    modify: ({ MonitoringInterval, MonitoringRoleArn }) => ({ MonitoringInterval, MonitoringRoleArn }),
  },
  {
    name: 'PerformanceInsights',
    read: ({ PerformanceInsightsEnabled = false, PerformanceInsightsKMSKeyId, PerformanceInsightsRetentionPeriod }) =>
      PerformanceInsightsEnabled
        ? [String(PerformanceInsightsRetentionPeriod ?? 7), PerformanceInsightsKMSKeyId ?? '']
        : false,
    modify: ({ PerformanceInsightsEnabled, PerformanceInsightsKMSKeyId, PerformanceInsightsRetentionPeriod }) =>
      PerformanceInsightsEnabled
        ? { EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId, PerformanceInsightsRetentionPeriod }
        : { EnablePerformanceInsights: false },
  },
  {
    name: 'DatabaseInsightsMode',
    read: ({ DatabaseInsightsMode = 'standard' }) => DatabaseInsightsMode,
    modify: ({
      DatabaseInsightsMode,
      PerformanceInsightsEnabled,
      PerformanceInsightsRetentionPeriod,
      PerformanceInsightsKMSKeyId,
    }) => ({
      DatabaseInsightsMode,
      // Advanced is refused without these in the same call.
      ...(PerformanceInsightsEnabled
        ? { EnablePerformanceInsights: true, PerformanceInsightsRetentionPeriod, PerformanceInsightsKMSKeyId }
        : {}),
    }),
  },
];

/** How the restored instance is to be, as far as the call takes it. */
export function restoreSettings(instance: DBInstance): Restore {
  return withoutAbsent(Object.assign({}, ...PROPERTIES.map(({ restore }) => restore?.(instance) ?? {})));
}

/** A property that is not what it was. */
export interface Difference {
  readonly name: string;
  readonly was: string;
  readonly is: string;
}

export function differences(before: DBInstance, now: DBInstance): Difference[] {
  return PROPERTIES.filter((property) => isOther(property, before, now)).map(({ name, read }) => ({
    name,
    was: told(read(before)),
    is: told(read(now)),
  }));
}

/** What has to be changed for it to be as before; nothing if that is not possible or not needed. */
export function changes(before: DBInstance, now: DBInstance): Modify {
  const wanted = PROPERTIES.filter((property) => isOther(property, before, now));
  return withoutAbsent(Object.assign({}, ...wanted.map(({ modify }) => modify?.(before, now) ?? {})));
}

function isOther({ read }: Property, before: DBInstance, now: DBInstance): boolean {
  return JSON.stringify(read(before) ?? null) !== JSON.stringify(read(now) ?? null);
}

function told(value: Value): string {
  if (value === undefined) return 'none';
  return Array.isArray(value) ? value.filter(Boolean).join(', ') || 'none' : String(value);
}

function withoutAbsent<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}

/** Roles that the restored instance is not given with the call that restores. */
export function missingRoles(before: DBInstance, now: DBInstance): DBInstanceRole[] {
  return (before.AssociatedRoles ?? []).filter(
    ({ RoleArn, FeatureName }) =>
      !now.AssociatedRoles?.some((role) => role.RoleArn === RoleArn && role.FeatureName === FeatureName),
  );
}
