"""AWS::RDS::DBInstance"""

import contextlib
import secrets
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import placement
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
CERTIFICATE_AUTHORITIES = ('rds-ca-rsa2048-g1', 'rds-ca-rsa4096-g1', 'rds-ca-ecc384-g1')
LOGS = {
    'postgres': {'postgresql', 'upgrade', 'iam-db-auth-error'},
    'mysql': {'audit', 'error', 'general', 'slowquery', 'iam-db-auth-error'},
    'mariadb': {'audit', 'error', 'general', 'slowquery', 'iam-db-auth-error'},
}


@handles('AWS::RDS::DBInstance')
class DBInstance(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        rds, settings = context.aws('rds'), _settings(properties)
        # They say how it is changed and how it is deleted.
        for name in ('AllowMajorVersionUpgrade', 'ApplyImmediately', 'DeleteAutomatedBackups'):
            properties.take(name)
        _check(context, settings)
        groups = properties.take('VPCSecurityGroups', [])
        subnet_group = properties.take('DBSubnetGroupName')
        vpc = subnet_group and _subnet_group(context, subnet_group)['VpcId']
        placement.security_groups(context, 'VPCSecurityGroups', groups, vpc)
        logs = properties.take('EnableCloudwatchLogsExports', [])
        _check_logs(settings['Engine'], logs)
        name = (properties.take('DBInstanceIdentifier') or context.name(63)).lower()
        parameters = properties.given(
            'AvailabilityZone',
            'CharacterSetName',
            'DBName',
            'KmsKeyId',
            'ManageMasterUserPassword',
            'MasterUsername',
            'StorageEncrypted',
            'Port',
        )
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            **settings,
            **_typed(parameters),
            **({'DBSubnetGroupName': subnet_group} if subnet_group else {}),
            **({'VpcSecurityGroupIds': groups} if groups else {}),
            EnableCloudwatchLogsExports=logs,
            Tags=context.tags(properties.take('Tags')),
        )
        # The emulator gives the same one to all instances.
        self._kept(context, name).dbi_resource_id = f'db-{secrets.token_hex(13).upper()}'
        self._remember_insights(context, name, settings)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        rds, name, settings = context.aws('rds'), context.physical_id, _settings(new)
        _check(context, settings)
        if _major(old) != _major(settings) and not new.take('AllowMajorVersionUpgrade'):
            raise Failure('The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.')
        for option in ('AllowMajorVersionUpgrade', 'ApplyImmediately', 'DeleteAutomatedBackups'):
            new.take(option)
        groups, logs = new.take('VPCSecurityGroups', []), new.take('EnableCloudwatchLogsExports', [])
        placement.security_groups(context, 'VPCSecurityGroups', groups)
        _check_logs(settings['Engine'], logs)
        had = old.get('EnableCloudwatchLogsExports', [])
        rds.modify_db_instance(
            DBInstanceIdentifier=name,
            ApplyImmediately=True,
            **{parameter: value for parameter, value in settings.items() if parameter != 'Engine'},
            **({'VpcSecurityGroupIds': groups} if groups else {}),
            CloudwatchLogsExportConfiguration={
                'EnableLogTypes': [log for log in logs if log not in had],
                'DisableLogTypes': [log for log in had if log not in logs],
            },
        )
        self._remember_insights(context, name, settings)
        arn, tags = self._described(context)['DBInstanceArn'], new.take('Tags')
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone(old.get('Tags'), tags))
        rds.add_tags_to_resource(ResourceName=arn, Tags=context.tags(tags))

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
    """What RDS refuses and the emulator does not."""
    password = settings.get('MasterUserPassword')
    if password is not None and (not 8 <= len(password) <= 128 or set(password) & set('/@" ')):
        raise Failure('MasterUserPassword must have 8 to 128 characters, and none of: / @ " or a space.')
    authority = settings.get('CACertificateIdentifier')
    if authority not in (None, *CERTIFICATE_AUTHORITIES):
        raise Failure(f'CACertificateIdentifier: there is no certificate authority {authority}.')
    if not 0 <= settings.get('BackupRetentionPeriod', 1) <= 35:
        raise Failure('BackupRetentionPeriod must be between 0 and 35.')
    if 'MonitoringRoleArn' in settings:
        context.aws('iam').get_role(RoleName=settings['MonitoringRoleArn'].split('/')[-1])
    _check_insights(settings)
    group = settings.get('DBParameterGroupName')
    if group is not None and not group.startswith('default.'):
        _check_family(context, group, settings)


def _check_insights(settings: dict[str, Any]) -> None:
    enabled, days = settings.get('EnablePerformanceInsights'), settings.get('PerformanceInsightsRetentionPeriod')
    if days is not None and not enabled:
        raise Failure('PerformanceInsightsRetentionPeriod goes with EnablePerformanceInsights only.')
    if settings.get('DatabaseInsightsMode') == 'advanced' and (not enabled or (days or 7) < 465):
        raise Failure('DatabaseInsightsMode: advanced needs Performance Insights, kept for at least 465 days.')


def _check_family(context: Context, group: str, settings: dict[str, Any]) -> None:
    found = context.aws('rds').describe_db_parameter_groups(DBParameterGroupName=group)['DBParameterGroups']
    if not found:
        raise Failure(f'DBParameterGroupName: DBParameterGroup not found: {group}')
    family, version = found[0]['DBParameterGroupFamily'], settings.get('EngineVersion')
    demanded = family.removeprefix(settings['Engine'])
    if demanded == family or (version is not None and not f'{version}.'.startswith(f'{demanded}.')):
        raise Failure(
            f"The parameter group {group} with DBParameterGroupFamily {family} can't be used for this instance. "
            f'Please use a parameter group of a family for {settings["Engine"]} {version or ""}.'
        )


def _check_logs(engine: str, logs: list[str]) -> None:
    unknown = set(logs) - LOGS.get(engine, set(logs))
    if unknown:
        raise Failure(f'EnableCloudwatchLogsExports: {engine} has no log {", ".join(sorted(unknown))}.')


def _major(settings: dict[str, Any]) -> str | None:
    """Of PostgreSQL the first number says it, of the others the first two."""
    version = settings.get('EngineVersion')
    parts = 1 if 'postgres' in settings['Engine'] else 2
    return version and '.'.join(version.split('.')[:parts])


def _subnet_group(context: Context, name: str) -> dict[str, Any]:
    return context.aws('rds').describe_db_subnet_groups(DBSubnetGroupName=name)['DBSubnetGroups'][0]
