"""An AWS::RDS::DBInstance that is restored from a snapshot."""

from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Properties

# These an instance has from its snapshot.
OF_SNAPSHOTS = ('CharacterSetName', 'DBName', 'KmsKeyId', 'MasterUsername')


def restore(
    context: Context,
    name: str,
    properties: Properties,
    settings: dict[str, Any],
    more: dict[str, Any],
) -> None:
    rds, snapshot = context.aws('rds'), _snapshot(context, properties.take('DBSnapshotIdentifier'))
    _check(snapshot, properties, settings)
    of_restoring = rds.meta.service_model.operation_model('RestoreDBInstanceFromDBSnapshot').input_shape.members
    now = {each: value for each, value in (settings | more).items() if each in of_restoring}
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name, DBSnapshotIdentifier=snapshot['DBSnapshotIdentifier'], **now
    )
    # RDS restores first and changes then; CloudFormation does both.
    later = {each: value for each, value in settings.items() if each not in of_restoring}
    rds.modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=True, **later)


def _snapshot(context: Context, identifier: str) -> dict[str, Any]:
    wanted = identifier.split(':')[-1]
    for each in context.aws('rds').describe_db_snapshots()['DBSnapshots']:
        if each['DBSnapshotIdentifier'] == wanted and each['Status'] == 'available':
            return each
    kept = get_backend('rds')[context.account][context.region].cluster_snapshots
    if wanted in kept:
        raise Failure(f'DBSnapshotIdentifier: {identifier} is a snapshot of a cluster, which makes clusters only.')
    raise Failure(f'DBSnapshotIdentifier: DBSnapshot not found: {identifier}')


def _check(snapshot: dict[str, Any], properties: Properties, settings: dict[str, Any]) -> None:
    wrong = [each for each in OF_SNAPSHOTS if each in properties]
    if wrong:
        raise Failure(f'{wrong[0]}: an instance that is restored from a snapshot has it from there.')
    encrypted = properties.take('StorageEncrypted')
    if encrypted not in (None, snapshot['Encrypted']):
        raise Failure('StorageEncrypted: it is that of the snapshot, which can be encrypted by a copy of it.')
    if settings['Engine'] != snapshot['Engine']:
        raise Failure(f'Engine: the snapshot is one of {snapshot["Engine"]}, not of {settings["Engine"]}.')
    wanted, has = settings.get('EngineVersion'), snapshot.get('EngineVersion', '')
    # RDS takes the newest minor version of a major one.
    if wanted is not None and _numbers(wanted) < _numbers(has)[: len(_numbers(wanted))]:
        raise Failure(f'EngineVersion: a snapshot of {has} cannot be restored as {wanted}, which is older.')
    if settings.get('AllocatedStorage', snapshot['AllocatedStorage']) < snapshot['AllocatedStorage']:
        raise Failure(f'AllocatedStorage must be at least that of the snapshot, {snapshot["AllocatedStorage"]} GiB.')


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split('.')]
