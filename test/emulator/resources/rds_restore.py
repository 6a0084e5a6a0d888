"""
Point-in-time restore, renaming and changing of instances, as Amazon RDS documents them: what the call is not told is a
default, and nothing happens at once.
"""

import secrets
import types
from datetime import timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.rds.exceptions import DBInstanceAlreadyExists, InvalidParameterCombination, RDSClientError
from moto.rds.models import DBInstance, RDSBackend

# What a restored instance has of the one that it was.
OF_THE_SOURCE = (
    'allocated_storage',
    'db_instance_class',
    'db_name',
    'engine',
    'engine_version',
    'kms_key_id',
    'license_model',
    'master_username',
    'port',
    'storage_encrypted',
    'storage_throughput',
)
# What says what to restore.
OF_THE_CALL = ('restore_time', 'source_db_instance_identifier', 'target_db_instance_identifier')
# How the API calls what instances remember under other names.
REMEMBERED_AS = {'enable_performance_insights': 'performance_insights_enabled'}

_describe = RDSBackend.describe_db_instances
_modify = RDSBackend.modify_db_instance


def describe_db_instances(self: RDSBackend, db_instance_identifier: str | None = None, filters: Any = None) -> Any:
    for instance in list(self.databases.values()):
        if to_come := getattr(instance, 'to_come', None):
            to_come.pop(0)()
    return _describe(self, db_instance_identifier, filters)


def modify_db_instance(self: RDSBackend, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
    instance = self.databases.get(db_instance_identifier)
    name = db_kwargs.get('new_db_instance_identifier')
    if instance is None or name is None:
        changed = _modify(self, db_instance_identifier, db_kwargs)
        _remember(changed, db_kwargs)
        # RDS says for a while that nothing has changed.
        changed.to_come = _statuses(changed, 'available', 'modifying', 'available')
        return changed
    if name in self.databases:
        raise DBInstanceAlreadyExists()
    self._validate_db_identifier(name)
    if len(name) > 63:
        raise RDSClientError('InvalidParameterValue', f'{name} is longer than 63 characters')

    def rename() -> None:
        del self.databases[db_instance_identifier]
        instance.db_instance_identifier = name
        self.databases[name] = instance

    instance.status = 'renaming'
    instance.to_come = [lambda: None, rename, *_statuses(instance, 'available')]
    return instance


def restore_db_instance_to_point_in_time(
    self: RDSBackend, source_db_identifier: str, target_db_identifier: str, overrides: dict[str, Any]
) -> DBInstance:
    if target_db_identifier in self.databases:
        raise DBInstanceAlreadyExists()
    source = _describe(self, source_db_identifier)[0]
    if source.status != 'available':
        raise RDSClientError('InvalidDBInstanceState', f'{source_db_identifier} is {source.status}')
    if source.backup_retention_period == 0:
        raise RDSClientError('PointInTimeRestoreNotEnabled', f'{source_db_identifier} has no automated backups')
    if overrides['restore_time'] > source.latest_restorable_time + timedelta(minutes=10):
        raise RDSClientError('InvalidParameterValue', 'RestoreTime is after the latest restorable time')
    given = {name: value for name, value in overrides.items() if value is not None}
    _check(source, given)
    settings = {name: getattr(source, name, None) for name in OF_THE_SOURCE}
    # Not by its own call, which takes a snapshot that is called by the minute.
    made = self.databases[target_db_identifier] = DBInstance(
        self, target_db_identifier, **(settings | {name: given[name] for name in given if name not in OF_THE_CALL})
    )
    made.dbi_resource_id = f'db-{secrets.token_hex(13).upper()}'
    made.backup_retention_period = given.get('backup_retention_period', 1)
    _remember(made, given)
    made.source_db_instance_identifier = None
    made.status = 'creating'
    made.to_come = [lambda: None, *_statuses(made, 'backing-up', 'available')]
    return made


def describe_db_instance_automated_backups(self: RDSBackend, dbi_resource_id: str | None = None, **_: Any) -> Any:
    return [
        types.SimpleNamespace(
            db_instance_identifier=each.db_instance_identifier,
            dbi_resource_id=each.dbi_resource_id,
            status='active',
            restore_window={
                # Instances here are minutes old; what a test restores to is older.
                'EarliestTime': utcnow() - timedelta(days=each.backup_retention_period),
                'LatestTime': utcnow(),
            },
        )
        for each in self.databases.values()
        if dbi_resource_id in (None, each.dbi_resource_id) and each.backup_retention_period > 0
    ]


def _check(source: DBInstance, given: dict[str, Any]) -> None:
    if given.get('multi_az') and 'availability_zone' in given:
        raise InvalidParameterCombination('AvailabilityZone cannot be specified for a Multi-AZ instance')
    size, kind = given.get('allocated_storage', source.allocated_storage), given.get('storage_type', 'gp3')
    if kind == 'gp3' and size < 400 and ('iops' in given or 'storage_throughput' in given):
        raise InvalidParameterCombination(
            f"You can't specify IOPS or storage throughput for engine {source.engine} and a storage size less than 400."
        )
    if kind.startswith('io') and 'iops' not in given:
        raise InvalidParameterCombination(f'Iops is needed for {kind}')


def _remember(instance: DBInstance, settings: dict[str, Any]) -> None:
    """The emulator takes these and forgets them."""
    for name, value in settings.items():
        if value is not None and name not in ('tags', 'db_instance_identifier', *OF_THE_CALL):
            name = REMEMBERED_AS.get(name, name)
            if not isinstance(getattr(type(instance), name, None), property):
                setattr(instance, name, value)


def _statuses(instance: DBInstance, *statuses: str) -> list[Any]:
    def become(status: str) -> Any:
        return lambda: setattr(instance, 'status', status)

    return [become(status) for status in statuses]


RDSBackend.describe_db_instances = describe_db_instances
RDSBackend.modify_db_instance = modify_db_instance
RDSBackend.restore_db_instance_to_point_in_time = restore_db_instance_to_point_in_time
RDSBackend.describe_db_instance_automated_backups = describe_db_instance_automated_backups
