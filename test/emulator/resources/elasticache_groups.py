"""AWS::ElastiCache, of the groups that a replication group is in"""

import re
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import placement
from .parameters_of_redis import PARAMETERS, POLICIES

# The emulator has no parameter groups. Of an account and region, by name.
PARAMETER_GROUPS: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}


@handles('AWS::ElastiCache::SubnetGroup')
class SubnetGroup(Handler):
    """Changed and deleted in what the emulator keeps: its API can do neither."""

    def create(self, context: Context, properties: Properties) -> str:
        ids = properties.take('SubnetIds')
        placement.subnets(context, 'SubnetIds', ids)
        name = (properties.take('CacheSubnetGroupName') or context.name(255)).lower()
        context.aws('elasticache').create_cache_subnet_group(
            CacheSubnetGroupName=name,
            CacheSubnetGroupDescription=properties.take('Description'),
            SubnetIds=ids,
            Tags=context.tags(properties.take('Tags')),
        )
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        groups = self._groups(context)
        before = groups.pop(context.physical_id)
        try:
            new.values.setdefault('CacheSubnetGroupName', context.physical_id)
            self.create(context, new)
        except Exception:
            groups[context.physical_id] = before
            raise

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        users = get_backend('elasticache')[context.account][context.region].replication_groups.values()
        if any(group.cache_subnet_group_name == context.physical_id for group in users):
            raise Failure(f'Cache subnet group {context.physical_id} is currently in use by a cache cluster.')
        self._groups(context).pop(context.physical_id, None)

    def _groups(self, context: Context) -> dict[str, Any]:
        return get_backend('elasticache')[context.account][context.region].cache_subnet_groups


@handles('AWS::ElastiCache::ParameterGroup')
class ParameterGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        family = properties.take('CacheParameterGroupFamily')
        if not re.fullmatch(r'valkey[789]|redis(2\.6|2\.8|3\.2|4\.0|5\.0|6\.x|7)|memcached1\.[456]', family):
            raise Failure(f'CacheParameterGroupFamily: {family} is not a valid parameter group family.')
        name = (properties.take('CacheParameterGroupName') or context.name(255)).lower()
        self._put(context, name, family, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._put(context, context.physical_id, old['CacheParameterGroupFamily'], new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        users = get_backend('elasticache')[context.account][context.region].replication_groups.values()
        if any(group.cache_parameter_group_name == context.physical_id for group in users):
            raise Failure(f'One or more cache clusters are still members of this parameter group {context.physical_id}.')
        PARAMETER_GROUPS.get((context.account, context.region), {}).pop(context.physical_id, None)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'CacheParameterGroupName': context.physical_id}

    def _put(self, context: Context, name: str, family: str, properties: Properties) -> None:
        parameters = properties.take('Properties', {})
        for parameter, value in parameters.items():
            if not family.startswith('memcached') and parameter not in PARAMETERS:
                raise Failure(f'Properties: the parameter {parameter} is not in the family {family}.')
            if parameter == 'maxmemory-policy' and value not in POLICIES:
                raise Failure(f'Properties: maxmemory-policy must be one of {", ".join(POLICIES)}, not {value}.')
        PARAMETER_GROUPS.setdefault((context.account, context.region), {})[name] = {
            'Family': family,
            'Description': properties.take('Description'),
            'Parameters': parameters,
            'Tags': context.tags(properties.take('Tags')),
        }


def check_family(context: Context, name: str, settings: dict[str, Any]) -> None:
    engine, version = settings.get('Engine', 'redis'), settings.get('EngineVersion')
    groups = PARAMETER_GROUPS.get((context.account, context.region), {})
    if name in groups:
        family = groups[name]['Family']
    elif name.startswith('default.'):
        family = name.removeprefix('default.').removesuffix('.cluster.on')
    else:
        raise Failure(f'CacheParameterGroupName: CacheParameterGroup not found: {name}')
    demanded = family.removeprefix(engine).removesuffix('.x')
    if demanded == family or (version is not None and not f'{version}.'.startswith(f'{demanded}.')):
        raise Failure(f'Expected a parameter group of a family for {engine} {version or ""}, but found {name} of {family}.')
