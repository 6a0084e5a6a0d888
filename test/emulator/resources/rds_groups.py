"""AWS::RDS, of the groups that an instance is in"""

import contextlib
import re
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import placement
from .tagging import gone

# Parameters of RDS itself in PostgreSQL.
POSTGRES_OF_RDS = {
    'rds.accepted_password_auth_method',
    'rds.adaptive_autovacuum',
    'rds.allowed_delegated_extensions',
    'rds.allowed_extensions',
    'rds.blue_green_replication_type',
    'rds.custom_dns_resolution',
    'rds.extensions',
    'rds.force_admin_logging_level',
    'rds.force_autovacuum_logging_level',
    'rds.force_ssl',
    'rds.global_db_rpo',
    'rds.log_retention_period',
    'rds.logical_replication',
    'rds.max_tcp_buffers',
    'rds.pg_stat_ramdisk_size',
    'rds.rds_superuser_reserved_connections',
    'rds.restrict_password_commands',
    'rds.restrict_logical_slot_creation',
    'rds.superuser_variables',
}
# And those of Aurora.
AURORA = {
    'rds.babelfish_status',
    'rds.enable_plan_management',
    'rds.logical_wal_cache',
    'rds.logically_replicate_unlogged_tables',
}


@handles('AWS::RDS::DBParameterGroup')
class DBParameterGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = _name(context, properties, 'DBParameterGroupName')
        parameters = properties.take('Parameters', {})
        family = properties.take('Family')
        if not re.fullmatch(r'(postgres|aurora-postgresql)\d+|(mysql|mariadb|aurora-mysql)\d+\.\d+', family):
            raise Failure(f'Family: {family} is not a valid parameter group family.')
        _check_parameters(family, parameters)
        context.aws('rds').create_db_parameter_group(
            DBParameterGroupName=name,
            DBParameterGroupFamily=family,
            Description=properties.take('Description'),
            Tags=context.tags(properties.take('Tags')),
        )
        self._set(context, name, parameters)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        parameters = new.take('Parameters', {})
        _check_parameters(old['Family'], parameters)
        removed = [name for name in old.get('Parameters', {}) if name not in parameters]
        # The emulator knows no reset.
        group = get_backend('rds')[context.account][context.region].db_parameter_groups[context.physical_id]
        for name in removed:
            group.parameters.pop(name, None)
        self._set(context, context.physical_id, parameters)
        rds, tags = context.aws('rds'), new.take('Tags')
        arn = self.attributes(context, new.values)['DBParameterGroupArn']
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone(old.get('Tags'), tags))
        rds.add_tags_to_resource(ResourceName=arn, Tags=context.tags(tags))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        rds, name = context.aws('rds'), context.physical_id
        for instance in rds.describe_db_instances()['DBInstances']:
            if name in [group['DBParameterGroupName'] for group in instance['DBParameterGroups']]:
                raise Failure(f'One or more database instances are still members of this parameter group {name}.')
        with contextlib.suppress(rds.exceptions.DBParameterGroupNotFoundFault):
            rds.delete_db_parameter_group(DBParameterGroupName=name)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'DBParameterGroupArn': context.arn('rds', f'pg:{context.physical_id}')}

    def _set(self, context: Context, name: str, parameters: dict[str, Any]) -> None:
        wanted = [
            {'ParameterName': parameter, 'ParameterValue': str(value), 'ApplyMethod': 'pending-reboot'}
            for parameter, value in parameters.items()
        ]
        if wanted:
            context.aws('rds').modify_db_parameter_group(DBParameterGroupName=name, Parameters=wanted)


@handles('AWS::RDS::DBClusterParameterGroup')
class DBClusterParameterGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name, family = _name(context, properties, 'DBClusterParameterGroupName'), properties.take('Family')
        if not re.fullmatch(r'aurora-postgresql\d+|aurora-mysql\d+\.\d+|postgres\d+|mysql\d+\.\d+', family):
            raise Failure(f'Family: {family} is not a valid cluster parameter group family.')
        context.aws('rds').create_db_cluster_parameter_group(
            DBClusterParameterGroupName=name,
            DBParameterGroupFamily=family,
            Description=properties.take('Description'),
            Tags=context.tags(properties.take('Tags')),
        )
        self._set(context, name, family, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._set(context, context.physical_id, old['Family'], new)
        rds, tags, arn = context.aws('rds'), new.take('Tags'), context.arn('rds', f'cluster-pg:{context.physical_id}')
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone(old.get('Tags'), tags))
        rds.add_tags_to_resource(ResourceName=arn, Tags=context.tags(tags))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        rds, name = context.aws('rds'), context.physical_id
        for cluster in rds.describe_db_clusters()['DBClusters']:
            if name == cluster['DBClusterParameterGroup']:
                raise Failure(f'One or more database clusters are still members of this parameter group {name}.')
        with contextlib.suppress(rds.exceptions.DBParameterGroupNotFoundFault):
            rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName=name)

    def _set(self, context: Context, name: str, family: str, properties: Properties) -> None:
        parameters = properties.take('Parameters', {})
        _check_parameters(family, parameters)
        # The emulator knows no reset.
        get_backend('rds')[context.account][context.region].db_cluster_parameter_groups[name].parameters.clear()
        wanted = [
            {'ParameterName': parameter, 'ParameterValue': str(value), 'ApplyMethod': 'pending-reboot'}
            for parameter, value in parameters.items()
        ]
        if wanted:
            context.aws('rds').modify_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=wanted)


@handles('AWS::RDS::DBSubnetGroup')
class DBSubnetGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = _name(context, properties, 'DBSubnetGroupName')
        context.aws('rds').create_db_subnet_group(
            DBSubnetGroupName=name, Tags=context.tags(properties.take('Tags')), **self._group(context, properties)
        )
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        rds, tags = context.aws('rds'), new.take('Tags')
        kept = get_backend('rds')[context.account][context.region].subnet_groups
        group = kept[context.physical_id]
        rds.modify_db_subnet_group(DBSubnetGroupName=context.physical_id, **self._group(context, new))
        # The emulator changes it, and loses it.
        kept[context.physical_id] = group
        arn = self.attributes(context, new.values)['DBSubnetGroupArn']
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=gone(old.get('Tags'), tags))
        rds.add_tags_to_resource(ResourceName=arn, Tags=context.tags(tags))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        rds, name = context.aws('rds'), context.physical_id
        for instance in rds.describe_db_instances()['DBInstances']:
            if name == instance.get('DBSubnetGroup', {}).get('DBSubnetGroupName'):
                raise Failure(f'Cannot delete the subnet group {name} because at least one database instance is using it.')
        for cluster in rds.describe_db_clusters()['DBClusters']:
            if name == cluster['DBSubnetGroup']:
                raise Failure(f'Cannot delete the subnet group {name} because at least one database cluster is using it.')
        with contextlib.suppress(rds.exceptions.DBSubnetGroupNotFoundFault):
            rds.delete_db_subnet_group(DBSubnetGroupName=name)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'DBSubnetGroupArn': context.arn('rds', f'subgrp:{context.physical_id}')}

    def _group(self, context: Context, properties: Properties) -> dict[str, Any]:
        ids = properties.take('SubnetIds')
        if len(placement.zones(placement.subnets(context, 'SubnetIds', ids))) < 2:
            raise Failure(
                "SubnetIds: the DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. "
                'Current AZ coverage is one; add subnets to cover at least 2 AZs.'
            )
        return {'SubnetIds': ids, 'DBSubnetGroupDescription': properties.take('DBSubnetGroupDescription')}


def _name(context: Context, properties: Properties, property_name: str) -> str:
    return (properties.take(property_name) or context.name(255)).lower()


def _check_parameters(family: str, parameters: dict[str, Any]) -> None:
    """Those of other extensions and engines are not known here."""
    for name in parameters:
        known = POSTGRES_OF_RDS | (AURORA if family.startswith('aurora') else set())
        if 'postgres' in family and name.startswith('rds.') and name not in known:
            raise Failure(f'Parameters: invalid parameter name: {name}.')
        if not re.fullmatch(r'[a-z][a-zA-Z0-9_.]*', name):
            raise Failure(f'Parameters: invalid parameter name: {name}.')
