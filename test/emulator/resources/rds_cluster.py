"""AWS::RDS::DBCluster, of Aurora PostgreSQL"""

import contextlib
import secrets
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import key_use, placement
from .rds_rules import check_family, check_logs, check_password, major, subnet_group
from .tagging import gone

ENGINE = 'aurora-postgresql'
# Of both the creation and the change of a cluster.
SETTINGS = (
    'AutoMinorVersionUpgrade',
    'BackupRetentionPeriod',
    'CopyTagsToSnapshot',
    'DBClusterParameterGroupName',
    'DeletionProtection',
    'EnableHttpEndpoint',
    'EnableIAMDatabaseAuthentication',
    'EngineVersion',
    'MasterUserPassword',
    'NetworkType',
    'Port',
    'PreferredBackupWindow',
    'PreferredMaintenanceWindow',
    'ServerlessV2ScalingConfiguration',
    'StorageType',
)
# They say how it is changed and deleted.
HOW = ('AllowMajorVersionUpgrade', 'ApplyImmediately', 'DeleteAutomatedBackups')
# These a cluster has from its snapshot.
OF_SNAPSHOTS = ('DatabaseName', 'ManageMasterUserPassword', 'MasterUsername', 'StorageEncrypted')


@handles('AWS::RDS::DBCluster')
class DBCluster(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        rds, engine, settings = context.aws('rds'), properties.take('Engine'), properties.given(*SETTINGS)
        name = (properties.take('DBClusterIdentifier') or context.name(63)).lower()
        groups, group = properties.take('VpcSecurityGroupIds', []), properties.take('DBSubnetGroupName')
        logs = properties.take('EnableCloudwatchLogsExports', [])
        self._check(context, engine, settings, groups, logs, group)
        snapshot, key = properties.take('SnapshotIdentifier'), properties.take('KmsKeyId')
        for each in HOW:
            properties.take(each)
        parameters = {
            'DBClusterIdentifier': name,
            'Engine': engine,
            'EnableCloudwatchLogsExports': logs,
            'Tags': context.tags(properties.take('Tags')),
            **({'VpcSecurityGroupIds': groups} if groups else {}),
            **({'DBSubnetGroupName': group} if group else {}),
            **({'KmsKeyId': key_use.usable(context, key, 'rds')} if key else {}),
        }
        if snapshot:
            _restore(context, name, snapshot, properties, parameters, settings)
        else:
            given = properties.given('DatabaseName', 'ManageMasterUserPassword', 'MasterUsername', 'StorageEncrypted')
            _check_new(given | settings, key)
            rds.create_db_cluster(**parameters, **given, **settings)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        rds, engine, settings = context.aws('rds'), new.take('Engine'), new.given(*SETTINGS)
        allowed, *_ = (new.take(each) for each in HOW)
        groups, logs = new.take('VpcSecurityGroupIds', []), new.take('EnableCloudwatchLogsExports', [])
        self._check(context, engine, settings, groups, logs, old.get('DBSubnetGroupName'))
        if major(old) != major(settings | {'Engine': engine}) and not allowed:
            raise Failure('The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.')
        had = old.get('EnableCloudwatchLogsExports', [])
        rds.modify_db_cluster(
            DBClusterIdentifier=context.physical_id,
            ApplyImmediately=True,
            **settings,
            **({'VpcSecurityGroupIds': groups} if groups else {}),
            CloudwatchLogsExportConfiguration={
                'EnableLogTypes': [log for log in logs if log not in had],
                'DisableLogTypes': [log for log in had if log not in logs],
            },
        )
        arn, tags = self._described(context)['DBClusterArn'], new.take('Tags')
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone(old.get('Tags'), tags))
        rds.add_tags_to_resource(ResourceName=arn, Tags=context.tags(tags))

    def snapshot(self, context: Context, properties: dict[str, Any]) -> None:
        # AWS keeps the snapshot as a part of the deletion, which it refuses.
        if self._described(context)['DeletionProtection']:
            raise Failure('Cannot delete protected Cluster, please disable deletion protection and try again.')
        stem = f'{context.stack_name}-snapshot-{context.logical_id}'[:240].lower()
        context.aws('rds').create_db_cluster_snapshot(
            DBClusterIdentifier=context.physical_id, DBClusterSnapshotIdentifier=f'{stem}-{secrets.token_hex(6)}'
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        rds = context.aws('rds')
        with contextlib.suppress(rds.exceptions.DBClusterNotFoundFault):
            rds.delete_db_cluster(DBClusterIdentifier=context.physical_id, SkipFinalSnapshot=True)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        cluster = self._described(context)
        secret = cluster.get('MasterUserSecret')
        return {
            'DBClusterArn': cluster['DBClusterArn'],
            'DBClusterResourceId': cluster['DbClusterResourceId'],
            'Endpoint.Address': cluster['Endpoint'],
            'Endpoint.Port': str(cluster['Port']),
            'ReadEndpoint.Address': cluster['ReaderEndpoint'],
            **({'MasterUserSecret.SecretArn': secret['SecretArn']} if secret else {}),
        }

    def _check(
        self, context: Context, engine: str, settings: dict[str, Any], groups: list[str], logs: list[str], name: str | None
    ) -> None:
        if engine != ENGINE:
            raise Failure(f'Engine: the emulator has clusters of {ENGINE} only, not of {engine}.')
        check_password(settings.get('MasterUserPassword'))
        if not 1 <= settings.get('BackupRetentionPeriod', 1) <= 35:
            raise Failure('BackupRetentionPeriod must be between 1 and 35.')
        check_logs(engine, logs)
        vpc = name and subnet_group(context, name)['VpcId']
        placement.security_groups(context, 'VpcSecurityGroupIds', groups, vpc)
        group = settings.get('DBClusterParameterGroupName')
        if group is not None and not group.startswith('default.'):
            rds = context.aws('rds')
            try:
                found = rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName=group)
            except rds.exceptions.DBParameterGroupNotFoundFault:
                raise Failure(f'DBClusterParameterGroupName: DBClusterParameterGroup not found: {group}') from None
            family = found['DBClusterParameterGroups'][0]['DBParameterGroupFamily']
            check_family(group, family, settings | {'Engine': engine}, 'cluster')

    def _described(self, context: Context) -> dict[str, Any]:
        return context.aws('rds').describe_db_clusters(DBClusterIdentifier=context.physical_id)['DBClusters'][0]


def _check_new(given: dict[str, Any], key: str | None) -> None:
    if key and not given.get('StorageEncrypted'):
        raise Failure('KmsKeyId: StorageEncrypted must be true as well.')
    if not given.get('MasterUsername'):
        raise Failure('MasterUsername must be provided.')
    if bool(given.get('MasterUserPassword')) == bool(given.get('ManageMasterUserPassword')):
        raise Failure('Either MasterUserPassword or ManageMasterUserPassword must be provided, and not both.')


def _restore(
    context: Context,
    name: str,
    snapshot: str,
    properties: Properties,
    parameters: dict[str, Any],
    settings: dict[str, Any],
) -> None:
    rds = context.aws('rds')
    wrong = [each for each in OF_SNAPSHOTS if each in properties]
    if wrong:
        raise Failure(f'{wrong[0]}: a cluster that is restored from a snapshot has it from there.')
    if snapshot.split(':')[-1] not in get_backend('rds')[context.account][context.region].cluster_snapshots:
        raise Failure(f'SnapshotIdentifier: DBClusterSnapshot {snapshot} not found.')
    of_restoring = rds.meta.service_model.operation_model('RestoreDBClusterFromSnapshot').input_shape.members
    rds.restore_db_cluster_from_snapshot(
        SnapshotIdentifier=snapshot,
        **parameters,
        **{each: value for each, value in settings.items() if each in of_restoring},
    )
    later = {each: value for each, value in settings.items() if each not in of_restoring}
    rds.modify_db_cluster(DBClusterIdentifier=name, ApplyImmediately=True, **later)
