"""AWS::RDS::DBProxy and its target group"""

import contextlib
from typing import Any

from moto.backends import get_backend

from cloudformation import permissions
from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import placement
from .tagging import KEPT, gone

# Of both the creation and the change of a proxy.
SETTINGS = ('Auth', 'DebugLogging', 'IdleClientTimeout', 'RequireTLS', 'RoleArn')


@handles('AWS::RDS::DBProxy')
class DBProxy(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        settings, name = properties.given(*SETTINGS), properties.take('DBProxyName')
        subnets, groups = properties.take('VpcSubnetIds'), properties.take('VpcSecurityGroupIds', [])
        found = placement.subnets(context, 'VpcSubnetIds', subnets)
        if len(placement.zones(found)) < 2:
            raise Failure('VpcSubnetIds: a proxy needs subnets in at least two Availability Zones.')
        placement.security_groups(context, 'VpcSecurityGroupIds', groups, found[0]['VpcId'])
        self._check(context, settings)
        context.aws('rds').create_db_proxy(
            DBProxyName=name,
            VpcSubnetIds=subnets,
            VpcSecurityGroupIds=groups,
            Tags=context.tags(properties.take('Tags')),
            **properties.given('EngineFamily'),
            **settings,
        )
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        settings, groups = new.given(*SETTINGS), new.take('VpcSecurityGroupIds', [])
        self._check(context, settings)
        placement.security_groups(context, 'VpcSecurityGroupIds', groups)
        # The emulator has no ModifyDBProxy.
        kept = get_backend('rds')[context.account][context.region].db_proxies[context.physical_id]
        kept.auth, kept.role_arn = settings['Auth'], settings['RoleArn']
        kept.require_tls, kept.debug_logging = settings.get('RequireTLS', False), settings.get('DebugLogging', False)
        kept.idle_client_timeout, kept.vpc_security_group_ids = settings.get('IdleClientTimeout', 1800), groups
        rds, arn, tags = context.aws('rds'), self.attributes(context, new.values)['DBProxyArn'], new.take('Tags')
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone(old.get('Tags'), tags))
        rds.add_tags_to_resource(ResourceName=arn, Tags=context.tags(tags))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        rds = context.aws('rds')
        with contextlib.suppress(rds.exceptions.DBProxyNotFoundFault):
            rds.describe_db_proxies(DBProxyName=context.physical_id)
            rds.delete_db_proxy(DBProxyName=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        found = context.aws('rds').describe_db_proxies(DBProxyName=context.physical_id)['DBProxies'][0]
        return {'DBProxyArn': found['DBProxyArn'], 'Endpoint': found['Endpoint'], 'VpcId': found['VpcId']}

    def _check(self, context: Context, settings: dict[str, Any]) -> None:
        role = settings['RoleArn']
        if not permissions.trusts(context.aws('iam'), role, 'rds.amazonaws.com', context.region):
            raise Failure(f'RoleArn: RDS is not authorized to assume the role {role}.')
        manager = context.aws('secretsmanager')
        for auth in settings.get('Auth', []):
            try:
                manager.describe_secret(SecretId=auth.get('SecretArn', ''))
            except manager.exceptions.ResourceNotFoundException:
                raise Failure(f'Auth: the Secret {auth.get("SecretArn")} does not exist.') from None


@handles('AWS::RDS::DBProxyTargetGroup')
class DBProxyTargetGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        proxy, name = properties.take('DBProxyName'), properties.take('TargetGroupName')
        if name != 'default':
            raise Failure(f'TargetGroupName: that of a proxy is default, not {name}.')
        group = self._described(context, proxy)
        context.physical_id = group['TargetGroupArn']
        self._configure(context, proxy, properties)
        self._register(context, proxy, {}, properties)
        KEPT[context.physical_id] = context.tags(properties.take('Tags'))
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._configure(context, old['DBProxyName'], new)
        self._register(context, old['DBProxyName'], old, new)
        KEPT[context.physical_id] = context.tags(new.take('Tags'))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        rds = context.aws('rds')
        with contextlib.suppress(rds.exceptions.DBProxyNotFoundFault):
            rds.describe_db_proxies(DBProxyName=properties['DBProxyName'])
            self._register(context, properties['DBProxyName'], properties, Properties({}))

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'TargetGroupArn': context.physical_id}

    def _register(self, context: Context, proxy: str, old: dict[str, Any], new: Properties) -> None:
        rds = context.aws('rds')
        had = {kind: old.get(kind, []) for kind in ('DBClusterIdentifiers', 'DBInstanceIdentifiers')}
        wanted = {kind: new.take(kind, []) for kind in had}
        if sum(map(len, wanted.values())) > 1:
            raise Failure('A proxy has one instance or one cluster as its target.')
        _check_engine(context, proxy, wanted)
        if had == wanted:
            return
        if any(had.values()):
            rds.deregister_db_proxy_targets(DBProxyName=proxy, **had)
        if any(wanted.values()):
            rds.register_db_proxy_targets(DBProxyName=proxy, **wanted)

    def _configure(self, context: Context, proxy: str, properties: Properties) -> None:
        pool = properties.take('ConnectionPoolConfigurationInfo', {})
        if pool.get('MaxIdleConnectionsPercent', 0) > pool.get('MaxConnectionsPercent', 100):
            raise Failure('MaxIdleConnectionsPercent must be at most MaxConnectionsPercent.')
        if not 1 <= pool.get('MaxConnectionsPercent', 100) <= 100:
            raise Failure('MaxConnectionsPercent must be between 1 and 100.')
        context.aws('rds').modify_db_proxy_target_group(
            DBProxyName=proxy, TargetGroupName='default', ConnectionPoolConfig=pool
        )

    def _described(self, context: Context, proxy: str) -> dict[str, Any]:
        rds = context.aws('rds')
        try:
            rds.describe_db_proxies(DBProxyName=proxy)
        except rds.exceptions.DBProxyNotFoundFault:
            raise Failure(f"DBProxyName: the proxy {proxy} doesn't exist.") from None
        return rds.describe_db_proxy_target_groups(DBProxyName=proxy)['TargetGroups'][0]


def _check_engine(context: Context, proxy: str, wanted: dict[str, list[str]]) -> None:
    """The targets must be there, and be what the proxy speaks."""
    rds = context.aws('rds')
    family = rds.describe_db_proxies(DBProxyName=proxy)['DBProxies'][0]['EngineFamily']
    for name in wanted['DBClusterIdentifiers']:
        (cluster,) = rds.describe_db_clusters(DBClusterIdentifier=name)['DBClusters']
        if not cluster['DBClusterMembers']:
            raise Failure(f'DBClusterIdentifiers: the cluster {name} has no instances that the proxy could connect to.')
        _check_family(family, cluster['Engine'])
    for name in wanted['DBInstanceIdentifiers']:
        (instance,) = rds.describe_db_instances(DBInstanceIdentifier=name)['DBInstances']
        if instance.get('DBClusterIdentifier'):
            raise Failure(f'DBInstanceIdentifiers: {name} is in a cluster, which is to be the target.')
        _check_family(family, instance['Engine'])


def _check_family(family: str, engine: str) -> None:
    if (family == 'POSTGRESQL') != ('postgres' in engine):
        raise Failure(f'EngineFamily: a proxy for {family} has no targets of {engine}.')
