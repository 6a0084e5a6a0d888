"""AWS::EFS"""

import contextlib
import json
import uuid
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import key_use, placement
from .tagging import gone


@handles('AWS::EFS::FileSystem')
class FileSystem(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        self._check(properties)
        made = context.aws('efs').create_file_system(
            CreationToken=str(uuid.uuid4()),
            Tags=context.tags(properties.take('FileSystemTags')),
            **self._key(context, properties),
            **properties.given(
                'AvailabilityZoneName',
                'Encrypted',
                'PerformanceMode',
                'ProvisionedThroughputInMibps',
                'ThroughputMode',
            ),
        )
        context.physical_id = made['FileSystemId']
        self._configure(context, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._check(new)
        kept = self._kept(context)
        # The emulator has no UpdateFileSystem.
        kept.throughput_mode = new.take('ThroughputMode', 'bursting')
        kept.provisioned_throughput_in_mibps = new.take('ProvisionedThroughputInMibps')
        self._configure(context, new)
        efs, tags = context.aws('efs'), new.take('FileSystemTags')
        removed = gone(old.get('FileSystemTags'), tags)
        if removed:
            efs.untag_resource(ResourceId=context.physical_id, TagKeys=removed)
        efs.tag_resource(ResourceId=context.physical_id, Tags=context.tags(tags))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        efs = context.aws('efs')
        with contextlib.suppress(efs.exceptions.FileSystemNotFound):
            efs.delete_file_system(FileSystemId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        arn = context.arn('elasticfilesystem', f'file-system/{context.physical_id}')
        return {'Arn': arn, 'FileSystemId': context.physical_id}

    def _check(self, properties: Properties) -> None:
        mode, provisioned = properties.take('ThroughputMode', 'bursting'), properties.take('ProvisionedThroughputInMibps')
        if (mode == 'provisioned') != (provisioned is not None):
            raise Failure('ProvisionedThroughputInMibps goes with ThroughputMode provisioned, and only with it.')
        if mode == 'elastic' and properties.take('PerformanceMode') == 'maxIO':
            raise Failure('PerformanceMode: maxIO is not supported with elastic throughput.')

    def _key(self, context: Context, properties: Properties) -> dict[str, str]:
        key = properties.take('KmsKeyId')
        if key is None:
            return {}
        if not properties.take('Encrypted'):
            raise Failure('KmsKeyId: Encrypted must be true as well.')
        return {'KmsKeyId': key_use.usable(context, key, 'elasticfilesystem')}

    def _configure(self, context: Context, properties: Properties) -> None:
        efs, kept, name = context.aws('efs'), self._kept(context), context.physical_id
        efs.put_lifecycle_configuration(FileSystemId=name, LifecyclePolicies=properties.take('LifecyclePolicies', []))
        # The emulator has no PutBackupPolicy.
        kept._backup = properties.take('BackupPolicy', {}).get('Status') == 'ENABLED'
        policy = properties.take('FileSystemPolicy')
        if policy is None:
            # Nor a DeleteFileSystemPolicy.
            kept.file_system_policy = None
        else:
            efs.put_file_system_policy(
                FileSystemId=name, Policy=json.dumps(policy), **properties.given('BypassPolicyLockoutSafetyCheck')
            )

    def _kept(self, context: Context) -> Any:
        return get_backend('efs')[context.account][context.region].file_systems_by_id[context.physical_id]


@handles('AWS::EFS::MountTarget')
class MountTarget(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        subnet, groups = properties.take('SubnetId'), properties.take('SecurityGroups', [])
        (found,) = placement.subnets(context, 'SubnetId', [subnet])
        placement.security_groups(context, 'SecurityGroups', groups, found['VpcId'])
        made = context.aws('efs').create_mount_target(
            SubnetId=subnet, SecurityGroups=groups, **properties.given('FileSystemId', 'IpAddress', 'IpAddressType')
        )
        return made['MountTargetId']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        groups = new.take('SecurityGroups')
        placement.security_groups(context, 'SecurityGroups', groups)
        context.aws('efs').modify_mount_target_security_groups(
            MountTargetId=context.physical_id, SecurityGroups=groups
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        efs = context.aws('efs')
        with contextlib.suppress(efs.exceptions.MountTargetNotFound):
            efs.delete_mount_target(MountTargetId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        target = context.aws('efs').describe_mount_targets(MountTargetId=context.physical_id)['MountTargets'][0]
        return {'Id': context.physical_id, 'IpAddress': target['IpAddress']}


@handles('AWS::EFS::AccessPoint')
class AccessPoint(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        efs, file_system = context.aws('efs'), properties.take('FileSystemId')
        # The emulator makes access points to file systems that are not there.
        efs.describe_file_systems(FileSystemId=file_system)
        user, root = properties.take('PosixUser'), properties.take('RootDirectory')
        made = efs.create_access_point(
            FileSystemId=file_system,
            ClientToken=properties.take('ClientToken') or str(uuid.uuid4()),
            Tags=context.tags(properties.take('AccessPointTags')),
            **({'PosixUser': _numbers(user)} if user else {}),
            **({'RootDirectory': _root(root)} if root else {}),
        )
        return made['AccessPointId']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        efs, tags = context.aws('efs'), new.take('AccessPointTags')
        removed = gone(old.get('AccessPointTags'), tags)
        if removed:
            efs.untag_resource(ResourceId=context.physical_id, TagKeys=removed)
        efs.tag_resource(ResourceId=context.physical_id, Tags=context.tags(tags))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        efs = context.aws('efs')
        with contextlib.suppress(efs.exceptions.AccessPointNotFound):
            efs.delete_access_point(AccessPointId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        arn = context.arn('elasticfilesystem', f'access-point/{context.physical_id}')
        return {'Arn': arn, 'AccessPointId': context.physical_id}


def _root(root: dict[str, Any]) -> dict[str, Any]:
    creation = root.get('CreationInfo')
    return root | ({'CreationInfo': _numbers(creation)} if creation else {})


def _numbers(owner: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation has the ids of users and groups as texts; permissions are a text in the API as well."""
    return {
        name: [int(each) for each in value] if isinstance(value, list) else value if name == 'Permissions' else int(value)
        for name, value in owner.items()
    }
