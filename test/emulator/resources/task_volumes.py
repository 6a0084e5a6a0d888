"""Whether a task can mount its file systems."""

import json
from typing import Any

from cloudformation import permissions

from . import reachability
from .stopped_tasks import not_started
from .task_launch import Launch

NFS = 2049
MOUNT, WRITE, ROOT = (f'elasticfilesystem:Client{action}' for action in ('Mount', 'Write', 'RootAccess'))


def check_volume(launch: Launch, name: str, volume: dict[str, Any]) -> None:
    efs, system = launch.context.aws('efs'), volume['fileSystemId']
    point = volume.get('authorizationConfig', {}).get('accessPointId')
    try:
        targets = efs.describe_mount_targets(FileSystemId=system)['MountTargets']
        found = efs.describe_access_points(AccessPointId=point)['AccessPoints'][0] if point else {}
    except (efs.exceptions.FileSystemNotFound, efs.exceptions.AccessPointNotFound) as error:
        raise not_started(f'failed to invoke EFS utils commands to set up EFS volumes: {error}') from None
    if point and found['FileSystemId'] != system:
        raise not_started(f'the access point {point} is not one of the file system {system}')
    for subnet in launch.subnets:
        near = [target for target in targets if target['AvailabilityZoneName'] == subnet['AvailabilityZone']]
        if not near:
            raise not_started(f'{system} has no mount target in {subnet["AvailabilityZone"]}')
        if near[0]['VpcId'] != subnet['VpcId']:
            raise not_started(f'{system} has its mount targets in {near[0]["VpcId"]}, not in {subnet["VpcId"]}')
        its = efs.describe_mount_target_security_groups(MountTargetId=near[0]['MountTargetId'])['SecurityGroups']
        if not reachability.reaches(launch.context, launch.groups, its, NFS):
            raise not_started(f'the mount of {system} timed out: its security groups do not let the tasks in')
    for action in _actions(launch, name, found):
        _must(launch, volume, action, point)


def _actions(launch: Launch, name: str, point: dict[str, Any]) -> list[str]:
    """What the containers will want to do; they are root, unless the access point says otherwise."""
    mounts = [mount for container in launch.task['containerDefinitions'] for mount in container.get('mountPoints', [])]
    writes = any(mount['sourceVolume'] == name and not mount.get('readOnly') for mount in mounts)
    is_root = point.get('PosixUser', {}).get('Uid', 0) == 0
    return [MOUNT, *([WRITE] if writes else []), *([ROOT] if writes and is_root else [])]


def _must(launch: Launch, volume: dict[str, Any], action: str, point: str | None) -> None:
    context, system = launch.context, volume['fileSystemId']
    arn = context.arn('elasticfilesystem', f'file-system/{system}')
    given = {
        'aws:SecureTransport': str(volume.get('transitEncryption') == 'ENABLED').lower(),
        'elasticfilesystem:AccessedViaMountTarget': 'true',
    }
    if point:
        given['elasticfilesystem:AccessPointArn'] = context.arn('elasticfilesystem', f'access-point/{point}')
    efs = context.aws('efs')
    try:
        policy = json.loads(efs.describe_file_system_policy(FileSystemId=system)['Policy'])
    except efs.exceptions.PolicyNotFound:
        policy = None
    by_iam = volume.get('authorizationConfig', {}).get('iam') == 'ENABLED'
    role = launch.task_role if by_iam else None
    who = f'the task role {role}' if by_iam else 'a task without IAM authorization'
    if policy is None:
        # It is open to whoever comes without saying who he is.
        effects = set() if by_iam else {'Allow'}
    else:
        effects = permissions.decided_for(policy, role or '', action, arn, given)
    own = permissions.verdict(context.aws('iam'), role, action, arn, given) if role else None
    if 'Deny' in effects or own == 'Deny' or ('Allow' not in effects and own != 'Allow'):
        raise not_started(f'{who} is not authorized to perform {action} on {arn}')
