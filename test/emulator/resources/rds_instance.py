"""AWS::RDS::DBInstance"""

import contextlib
import secrets
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import key_use, placement, rds_member, rds_snapshot
from .rds_rules import check_logs, check_password, check_running, major, subnet_group
from .tagging import gone

# Of both the creation and the change of an instance.
SETTINGS = (
    'AllocatedStorage',
    'AutoMinorVersionUpgrade',
    'BackupRetentionPeriod',
    'CACertificateIdentifier',
    'CopyTagsToSnapshot',
    'DBInstanceClass',
    'DBParameterGroupName',
    'DatabaseInsightsMode',
    'DedicatedLogVolume',
    'DeletionProtection',
    'EnableIAMDatabaseAuthentication',
    'EnablePerformanceInsights',
    'Engine',
    'EngineVersion',
    'Iops',
    'LicenseModel',
    'MasterUserPassword',
    'MaxAllocatedStorage',
    'MonitoringInterval',
    'MonitoringRoleArn',
    'MultiAZ',
    'NetworkType',
    'OptionGroupName',
    'PerformanceInsightsRetentionPeriod',
    'PreferredBackupWindow',
    'PreferredMaintenanceWindow',
    'PromotionTier',
    'PubliclyAccessible',
    'StorageThroughput',
    'StorageType',
)
NUMBERS = ('AllocatedStorage', 'Port')


@handles('AWS::RDS::DBInstance')
class DBInstance(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = (properties.take('DBInstanceIdentifier') or context.name(63)).lower()
        if rds_member.is_member(properties.values):
            settings = rds_member.create(context, name, properties)
        else:
            settings = _settings(properties)
            self._create(context, name, properties, settings)
        # The emulator gives the same one to all instances.
        self._kept(context, name).dbi_resource_id = f'db-{secrets.token_hex(13).upper()}'
        self._remember_insights(context, name, settings)
        return name

    def _create(self, context: Context, name: str, properties: Properties, settings: dict[str, Any]) -> None:
        # They say how it is changed and how it is deleted.
        for option in ('AllowMajorVersionUpgrade', 'ApplyImmediately', 'DeleteAutomatedBackups'):
            properties.take(option)
        _check(context, settings)
        groups, group = properties.take('VPCSecurityGroups', []), properties.take('DBSubnetGroupName')
        placement.security_groups(context, 'VPCSecurityGroups', groups, group and subnet_group(context, group)['VpcId'])
        logs = properties.take('EnableCloudwatchLogsExports', [])
        check_logs(settings['Engine'], logs)
        more = _typed(properties.given('AvailabilityZone', 'Port')) | {
            **({'DBSubnetGroupName': group} if group else {}),
            **({'VpcSecurityGroupIds': groups} if groups else {}),
            'EnableCloudwatchLogsExports': logs,
            'Tags': context.tags(properties.take('Tags')),
        }
        if key := properties.take('PerformanceInsightsKMSKeyId'):
            if not settings.get('EnablePerformanceInsights'):
                raise Failure('PerformanceInsightsKMSKeyId goes with EnablePerformanceInsights only.')
            key_use.usable(context, key, 'rds')
        if properties.values.get('DBSnapshotIdentifier'):
            rds_snapshot.restore(context, name, properties, settings, more)
            return
        # An empty one is none.
        properties.take('DBSnapshotIdentifier')
        if key := properties.take('KmsKeyId'):
            if not properties.take('StorageEncrypted'):
                raise Failure('KmsKeyId: StorageEncrypted must be true as well.')
            more['KmsKeyId'] = key_use.usable(context, key, 'rds')
        context.aws('rds').create_db_instance(
            DBInstanceIdentifier=name,
            **settings,
            **more,
            **properties.given(
                'CharacterSetName', 'DBName', 'ManageMasterUserPassword', 'MasterUsername', 'StorageEncrypted'
            ),
        )

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        name, is_member = context.physical_id, rds_member.is_member(old)
        settings = rds_member.take_settings(context, new) if is_member else self._changed(context, old, new)
        self._modify(context, {parameter: value for parameter, value in settings.items() if parameter != 'Engine'})
        self._remember_insights(context, name, settings)
        rds, arn, tags = context.aws('rds'), self._described(context)['DBInstanceArn'], new.take('Tags')
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone(old.get('Tags'), tags))
        rds.add_tags_to_resource(ResourceName=arn, Tags=context.tags(tags))

    def _changed(self, context: Context, old: dict[str, Any], new: Properties) -> dict[str, Any]:
        settings = _settings(new)
        _check(context, settings)
        if major(old) != major(settings) and not new.take('AllowMajorVersionUpgrade'):
            raise Failure('The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.')
        for option in ('AllowMajorVersionUpgrade', 'ApplyImmediately', 'DeleteAutomatedBackups'):
            new.take(option)
        groups, logs = new.take('VPCSecurityGroups', []), new.take('EnableCloudwatchLogsExports', [])
        placement.security_groups(context, 'VPCSecurityGroups', groups)
        check_logs(settings['Engine'], logs)
        had = old.get('EnableCloudwatchLogsExports', [])
        self._modify(
            context,
            {
                **({'VpcSecurityGroupIds': groups} if groups else {}),
                'CloudwatchLogsExportConfiguration': {
                    'EnableLogTypes': [log for log in logs if log not in had],
                    'DisableLogTypes': [log for log in had if log not in logs],
                },
            },
        )
        return settings

    def _modify(self, context: Context, settings: dict[str, Any]) -> None:
        context.aws('rds').modify_db_instance(
            DBInstanceIdentifier=context.physical_id, ApplyImmediately=True, **settings
        )

    def snapshot(self, context: Context, properties: dict[str, Any]) -> None:
        # AWS keeps the snapshot as a part of the deletion, which it refuses.
        if self._described(context)['DeletionProtection']:
            raise Failure('Cannot delete protected DB Instance, please disable deletion protection and try again.')
        stem = f'{context.stack_name}-snapshot-{context.logical_id}'[:240].lower()
        context.aws('rds').create_db_snapshot(
            DBInstanceIdentifier=context.physical_id, DBSnapshotIdentifier=f'{stem}-{secrets.token_hex(6)}'
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        rds = context.aws('rds')
        with contextlib.suppress(rds.exceptions.DBInstanceNotFoundFault):
            rds.delete_db_instance(
                DBInstanceIdentifier=context.physical_id,
                SkipFinalSnapshot=True,
                DeleteAutomatedBackups=properties.get('DeleteAutomatedBackups', True),
            )

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        instance = self._described(context)
        secret = instance.get('MasterUserSecret')
        return {
            'Endpoint.Address': instance['Endpoint']['Address'],
            'Endpoint.Port': str(instance['Endpoint']['Port']),
            # The zone of the region's databases, the same for all of an account.
            'Endpoint.HostedZoneId': 'Z1RLNUO7B9Q6NB',
            'DbiResourceId': instance['DbiResourceId'],
            'DBInstanceArn': instance['DBInstanceArn'],
            'DBInstanceStatus': instance['DBInstanceStatus'],
            'InstanceCreateTime': instance['InstanceCreateTime'].isoformat(),
            **({'MasterUserSecret.SecretArn': secret['SecretArn']} if secret else {}),
        }

    def _described(self, context: Context) -> dict[str, Any]:
        found = context.aws('rds').describe_db_instances(DBInstanceIdentifier=context.physical_id)
        return found['DBInstances'][0]

    def _kept(self, context: Context, name: str) -> Any:
        return get_backend('rds')[context.account][context.region].databases[name]

    def _remember_insights(self, context: Context, name: str, settings: dict[str, Any]) -> None:
        """The emulator takes these and forgets them."""
        kept, enabled = self._kept(context, name), settings.get('EnablePerformanceInsights', False)
        kept.performance_insights_enabled = enabled
        kept.performance_insights_retention_period = (
            settings.get('PerformanceInsightsRetentionPeriod', 7) if enabled else None
        )
        kept.database_insights_mode = settings.get('DatabaseInsightsMode', 'standard')


def _settings(properties: Properties) -> dict[str, Any]:
    settings = _typed(properties.given(*SETTINGS))
    if 'Engine' not in settings:
        raise Failure('Engine must be given.')
    return settings


def _typed(parameters: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation has some numbers as texts."""
    return {name: int(value) if name in NUMBERS else value for name, value in parameters.items()}


def _check(context: Context, settings: dict[str, Any]) -> None:
    check_password(settings.get('MasterUserPassword'))
    if not 0 <= settings.get('BackupRetentionPeriod', 1) <= 35:
        raise Failure('BackupRetentionPeriod must be between 0 and 35.')
    check_running(context, settings)
