"""AWS::ElastiCache::ReplicationGroup"""

import secrets
import string
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import key_use, placement
from .elasticache_groups import check_family
from .tagging import gone

VALKEY_VERSIONS = ('7.2', '8.0', '8.1', '8.2', '9.0', '9.1')
TOKEN_CHARACTERS = set(string.ascii_letters + string.digits + '!&#$^<>-')

# Of both the creation and the change of a replication group.
SETTINGS = (
    'AutoMinorVersionUpgrade',
    'AutomaticFailoverEnabled',
    'CacheNodeType',
    'CacheParameterGroupName',
    'ClusterMode',
    'Engine',
    'EngineVersion',
    'IpDiscovery',
    'LogDeliveryConfigurations',
    'MultiAZEnabled',
    'NotificationTopicArn',
    'PreferredMaintenanceWindow',
    'ReplicationGroupDescription',
    'SecurityGroupIds',
    'SnapshotRetentionLimit',
    'SnapshotWindow',
    'TransitEncryptionEnabled',
    'TransitEncryptionMode',
    'UserGroupIds',
)
# Those of them that the emulator's own API can change; the others are set on what it keeps.
CHANGEABLE = (
    'AutomaticFailoverEnabled',
    'CacheNodeType',
    'Engine',
    'MultiAZEnabled',
    'ReplicationGroupDescription',
    'SnapshotRetentionLimit',
)


@handles('AWS::ElastiCache::ReplicationGroup')
class ReplicationGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        elasticache, settings = context.aws('elasticache'), properties.given(*SETTINGS)
        self._check(context, properties, settings)
        name = (properties.take('ReplicationGroupId') or context.name(40)).lower()
        parameters = properties.given(
            'AtRestEncryptionEnabled',
            'AuthToken',
            'CacheSubnetGroupName',
            'DataTieringEnabled',
            'NetworkType',
            'NodeGroupConfiguration',
            'NumCacheClusters',
            'NumNodeGroups',
            'Port',
            'PreferredCacheClusterAZs',
            'ReplicasPerNodeGroup',
        )
        if key := properties.take('KmsKeyId'):
            if not parameters.get('AtRestEncryptionEnabled'):
                raise Failure('KmsKeyId: AtRestEncryptionEnabled must be true as well.')
            parameters['KmsKeyId'] = key_use.usable(context, key, 'elasticache')
        elasticache.create_replication_group(
            ReplicationGroupId=name, Tags=context.tags(properties.take('Tags')), **settings, **parameters
        )
        context.physical_id = name
        self._place(context, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        elasticache, name, settings = context.aws('elasticache'), context.physical_id, new.given(*SETTINGS)
        self._check(context, new, settings)
        if ('AuthToken' in old) != ('AuthToken' in new):
            raise Failure('AuthToken: to add or remove it replaces the replication group, which the emulator does not do.')
        if old.get('Engine') != settings.get('Engine') and settings.get('Engine') != 'valkey':
            raise Failure(f'Engine: {old.get("Engine")} cannot become {settings.get("Engine")}.')
        elasticache.modify_replication_group(
            ReplicationGroupId=name,
            ApplyImmediately=True,
            **{parameter: value for parameter, value in settings.items() if parameter in CHANGEABLE},
        )
        kept = self._kept(context)
        for parameter, attribute in (
            ('AutoMinorVersionUpgrade', 'auto_minor_version_upgrade'),
            ('TransitEncryptionMode', 'transit_encryption_mode'),
            ('SnapshotWindow', 'snapshot_window'),
        ):
            if parameter in settings:
                setattr(kept, attribute, settings[parameter])
        self._place(context, new)
        arn, tags = kept.arn, new.take('Tags')
        elasticache.remove_tags_from_resource(ResourceName=arn, TagKeys=gone(old.get('Tags'), tags))
        elasticache.add_tags_to_resource(ResourceName=arn, Tags=context.tags(tags))

    def snapshot(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('elasticache').create_snapshot(
            ReplicationGroupId=context.physical_id,
            SnapshotName=f'{context.stack_name}-{context.logical_id}'[:240].lower() + f'-{secrets.token_hex(6)}',
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        # The emulator would leave it as one that is being deleted, for ever.
        groups = self._backend(context).replication_groups
        if context.physical_id in groups:
            self._remove_nodes(context)
            del groups[context.physical_id]

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        found = context.aws('elasticache').describe_replication_groups(ReplicationGroupId=context.physical_id)
        group = found['ReplicationGroups'][0]
        if group.get('ConfigurationEndpoint'):
            return _endpoint('ConfigurationEndPoint', group['ConfigurationEndpoint'])
        nodes = group['NodeGroups'][0]
        reads = [member['ReadEndpoint'] for member in nodes['NodeGroupMembers']]
        addresses, ports = [read['Address'] for read in reads], [str(read['Port']) for read in reads]
        return {
            **_endpoint('PrimaryEndPoint', nodes['PrimaryEndpoint']),
            **_endpoint('ReaderEndPoint', nodes['ReaderEndpoint']),
            'ReadEndPoint.Addresses': f'[{", ".join(addresses)}]',
            'ReadEndPoint.AddressesList': addresses,
            'ReadEndPoint.Ports': f'[{", ".join(ports)}]',
            'ReadEndPoint.PortsList': ports,
        }

    def _check(self, context: Context, properties: Properties, settings: dict[str, Any]) -> None:
        _check_version(settings)
        _check_token(properties.take('AuthToken'), settings)
        if settings.get('CacheParameterGroupName') is not None:
            check_family(context, settings['CacheParameterGroupName'], settings)
        nodes = self._node_count(properties)
        clustered = settings.get('ClusterMode') == 'enabled'
        if settings.get('AutomaticFailoverEnabled') and nodes < 2 and not clustered:
            raise Failure('NumCacheClusters must be at least 2 when AutomaticFailoverEnabled is true.')
        if clustered and settings.get('AutomaticFailoverEnabled') is False:
            raise Failure('AutomaticFailoverEnabled must be true in cluster mode.')
        if settings.get('MultiAZEnabled') and not settings.get('AutomaticFailoverEnabled'):
            raise Failure('MultiAZEnabled: AutomaticFailoverEnabled must be true as well.')
        if not 0 <= settings.get('SnapshotRetentionLimit', 0) <= 35:
            raise Failure('SnapshotRetentionLimit must be between 0 and 35.')
        name = properties.take('CacheSubnetGroupName')
        vpc = name and context.aws('elasticache').describe_cache_subnet_groups(CacheSubnetGroupName=name)
        placement.security_groups(
            context, 'SecurityGroupIds', settings.get('SecurityGroupIds', []), vpc and vpc['CacheSubnetGroups'][0]['VpcId']
        )

    def _node_count(self, properties: Properties) -> int:
        replicas = properties.take('ReplicasPerNodeGroup')
        return replicas + 1 if replicas is not None else properties.take('NumCacheClusters', 1)

    def _place(self, context: Context, properties: Properties) -> None:
        """
        The nodes of the group: as many as it should have, with clusters of their own, which say what the group itself
        does not: version, security groups, parameters. The emulator makes one node, and no clusters.
        """
        kept = self._kept(context)
        if kept.cluster_mode != 'enabled':
            nodes, domain = kept.node_groups[0], kept.node_groups[0]['primary_endpoint_address'].removeprefix('master.')
            nodes['reader_endpoint'] = {'address': nodes['reader_endpoint_address'], 'port': kept.port}
            nodes['node_group_members'].clear()
            kept.member_clusters.clear()
            kept._set_node_members_clusters_disabled(
                member_clusters=kept.member_clusters,
                replication_group_id=kept.replication_group_id,
                replication_group_domain=domain,
                node_group=nodes,
                preferred_cache_cluster_azs=properties.take('PreferredCacheClusterAZs', self._zones(context, kept)),
                num_cache_clusters=0,
                replicas_per_node_group=self._node_count(properties) - 1,
            )
        self._remove_nodes(context)
        settings = properties.given('CacheNodeType', 'EngineVersion', 'CacheParameterGroupName', 'SecurityGroupIds')
        for member in kept.member_clusters:
            context.aws('elasticache').create_cache_cluster(
                CacheClusterId=member,
                ReplicationGroupId=kept.replication_group_id,
                Port=kept.port,
                # The emulator's clusters know no Valkey yet.
                Engine='redis',
                **settings,
                **properties.given('CacheSubnetGroupName', 'TransitEncryptionEnabled', 'AutoMinorVersionUpgrade'),
            )
            cluster = self._backend(context).cache_clusters[member]
            cluster.engine, cluster.auth_token_enabled = kept.engine, kept.auth_token_enabled
            cluster.security_groups = [
                {'SecurityGroupId': group, 'Status': 'active'} for group in properties.take('SecurityGroupIds', [])
            ]
            cluster.cache_parameter_group = {'CacheParameterGroupName': cluster.cache_parameter_group_name}
            cluster.at_rest_encryption_enabled = kept.at_rest_encryption_enabled

    def _zones(self, context: Context, kept: Any) -> list[str]:
        group = self._backend(context).cache_subnet_groups.get(kept.cache_subnet_group_name)
        return sorted({subnet['subnet_availability_zone'] for subnet in group.subnets}) if group else []

    def _remove_nodes(self, context: Context) -> None:
        clusters = self._backend(context).cache_clusters
        for name in [name for name, each in clusters.items() if name.startswith(f'{context.physical_id}-')]:
            del clusters[name]

    def _kept(self, context: Context) -> Any:
        return self._backend(context).replication_groups[context.physical_id]

    def _backend(self, context: Context) -> Any:
        return get_backend('elasticache')[context.account][context.region]


def _endpoint(name: str, endpoint: dict[str, Any]) -> dict[str, str]:
    return {f'{name}.Address': endpoint['Address'], f'{name}.Port': str(endpoint['Port'])}


def _check_version(settings: dict[str, Any]) -> None:
    engine, version = settings.get('Engine', 'redis'), settings.get('EngineVersion')
    if engine not in ('redis', 'valkey'):
        raise Failure(f'Engine must be redis or valkey for a replication group, not {engine}.')
    if engine == 'valkey' and version not in (None, *VALKEY_VERSIONS):
        raise Failure(f'EngineVersion: there is no Valkey {version}. There are: {", ".join(VALKEY_VERSIONS)}.')
    if engine == 'redis' and version is not None and int(version.split('.')[0]) > 7:
        raise Failure(f'EngineVersion: there is no Redis OSS {version}; it ends at 7.1.')


def _check_token(token: str | None, settings: dict[str, Any]) -> None:
    if token is None:
        return
    if not settings.get('TransitEncryptionEnabled'):
        raise Failure('AuthToken needs TransitEncryptionEnabled.')
    if not 16 <= len(token) <= 128 or set(token) - TOKEN_CHARACTERS:
        raise Failure('AuthToken must have 16 to 128 letters, digits or any of ! & # $ ^ < > -.')
