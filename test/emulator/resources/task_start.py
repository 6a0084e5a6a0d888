"""Whether a task of a service could start. No container runs here; what ECS itself needs for one must be there."""

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from cloudformation import permissions
from cloudformation.resource import Context, Failure

from . import placement, reachability

# Of images whose name contains one of these no task ever gets healthy.
UNHEALTHY_IMAGES: set[str] = set()

SECRET = re.compile(r'^(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+|[^:]+)(?::([^:]*):([^:]*):([^:]*))?$')
NEVER_STABLE = "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\""


def check_target_groups(context: Context, service: dict[str, Any], task: dict[str, Any]) -> None:
    elb = context.aws('elbv2')
    for target in service.get('loadBalancers', []):
        arn = target['targetGroupArn']
        (group,) = elb.describe_target_groups(TargetGroupArns=[arn])['TargetGroups']
        if not group.get('LoadBalancerArns'):
            raise Failure(f'The target group with targetGroupArn {arn} does not have an associated load balancer.')
        if task['networkMode'] == 'awsvpc' and group['TargetType'] != 'ip':
            raise Failure(f'The provided target group {arn} has target type {group["TargetType"]}, which is incompatible with the awsvpc network mode.')
        containers = {container['name']: container for container in task['containerDefinitions']}
        name, port = target['containerName'], target['containerPort']
        if name not in containers:
            raise Failure(f'The container {name} does not exist in the task definition.')
        if port not in [mapping['containerPort'] for mapping in containers[name]['portMappings']]:
            raise Failure(f'The container {name} did not have a container port {port} defined.')


def check(context: Context, service: dict[str, Any]) -> None:
    described = context.aws('ecs').describe_task_definition(taskDefinition=service['taskDefinition'])
    task = described['taskDefinition']
    check_target_groups(context, service, task)
    network = service.get('networkConfiguration', {}).get('awsvpcConfiguration')
    if network is None:
        raise Failure('Network Configuration must be provided when networkMode awsvpc is specified.')
    told = set()
    execution_role = task.get('executionRoleArn')
    for role in [execution_role, task.get('taskRoleArn')]:
        if role and not permissions.trusts(context.aws('iam'), role, 'ecs-tasks.amazonaws.com', context.region):
            raise _not_started(f'ECS was unable to assume the role {role}')
    for container in task['containerDefinitions']:
        for secret in container.get('secrets', []):
            told.add(_check_secret(context, execution_role, container['name'], secret))
        told.update(variable['value'] for variable in container.get('environment', []))
        _check_log_group(context, execution_role, container.get('logConfiguration', {}))
    subnets = placement.subnets(context, 'NetworkConfiguration', network['subnets'])
    groups = network.get('securityGroups', [])
    placement.security_groups(context, 'NetworkConfiguration', groups, subnets[0]['VpcId'])
    for subnet in subnets:
        problem = reachability.way_out(context, subnet, groups, network.get('assignPublicIp') == 'ENABLED')
        if problem:
            raise _not_started(f'unable to pull the image: {problem}')
    for volume in task.get('volumes', []):
        if 'efsVolumeConfiguration' in volume:
            _check_volume(context, task.get('taskRoleArn'), volume['efsVolumeConfiguration'], subnets, groups)
    unreachable = reachability.unreachable(context, '\n'.join(told), groups, subnets)
    unreachable += reachability.cut_off(context, service.get('loadBalancers', []), groups)
    if unreachable:
        raise Failure(f'{NEVER_STABLE} {"; ".join(unreachable)}.')
    for container in task['containerDefinitions']:
        if any(image in container['image'] for image in UNHEALTHY_IMAGES):
            raise Failure(NEVER_STABLE)


def _not_started(why: str) -> Failure:
    return Failure(f'{NEVER_STABLE} The tasks stopped before they started: ResourceInitializationError: {why}')


def _check_secret(context: Context, role: str | None, container: str, secret: dict[str, str]) -> str:
    """Returns what the container is told."""
    if ':secretsmanager:' not in secret['valueFrom']:
        # A name or an ARN of no other service is that of a parameter.
        return _check_parameter(context, role, secret)
    found = SECRET.match(secret['valueFrom'])
    what = f'the secret {secret["name"]} of the container {container} ({secret["valueFrom"]})'
    if found is None:
        raise _not_started(f'{what} is not the name of a Secret')
    manager = context.aws('secretsmanager')
    try:
        which = {'VersionStage': found[3], 'VersionId': found[4]}
        answer = manager.get_secret_value(SecretId=found[1], **{name: value for name, value in which.items() if value})
    except ClientError as error:
        raise _not_started(f'unable to retrieve {what}: {error.response["Error"]["Message"]}') from None
    if role is None or not permissions.allows(context.aws('iam'), role, 'secretsmanager:GetSecretValue', answer['ARN']):
        raise _not_started(f'the execution role {role} is not authorized to perform secretsmanager:GetSecretValue on {what}')
    if found[2]:
        try:
            fields = json.loads(answer['SecretString'])
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            raise _not_started(f'{what} is no JSON object')
        if found[2] not in fields:
            raise _not_started(f'retrieved secret from Secrets Manager did not contain json key {found[2]}: {what}')
        return str(fields[found[2]])
    return answer.get('SecretString', '')


def _check_parameter(context: Context, role: str | None, secret: dict[str, str]) -> str:
    name = secret['valueFrom'].split(':parameter')[-1]
    try:
        parameter = context.aws('ssm').get_parameter(Name=name)['Parameter']
    except ClientError:
        raise _not_started(f'unable to retrieve the parameter {name} of {secret["name"]}: it does not exist') from None
    if role is None or not permissions.allows(context.aws('iam'), role, 'ssm:GetParameters', parameter['ARN']):
        raise _not_started(f'the execution role {role} is not authorized to perform ssm:GetParameters on {name}')


def _check_log_group(context: Context, role: str | None, logs: dict[str, Any]) -> None:
    if logs.get('logDriver') != 'awslogs':
        return
    group = logs['options']['awslogs-group']
    found = context.aws('logs').describe_log_groups(logGroupNamePrefix=group)['logGroups']
    if group not in [one['logGroupName'] for one in found]:
        raise _not_started(f'failed to validate logger args: The specified log group {group} does not exist.')
    stream = context.arn('logs', f'log-group:{group}:log-stream:node')
    for action in ('logs:CreateLogStream', 'logs:PutLogEvents'):
        if role is None or not permissions.allows(context.aws('iam'), role, action, stream):
            raise _not_started(f'the execution role {role} is not authorized to perform {action} on {group}')


def _check_volume(
    context: Context,
    role: str | None,
    volume: dict[str, Any],
    subnets: list[dict[str, Any]],
    groups: list[str],
) -> None:
    efs, system = context.aws('efs'), volume['fileSystemId']
    authorization = volume.get('authorizationConfig', {})
    point = authorization.get('accessPointId')
    if point and efs.describe_access_points(AccessPointId=point)['AccessPoints'][0]['FileSystemId'] != system:
        raise _not_started(f'the access point {point} is not one of the file system {system}')
    targets = efs.describe_mount_targets(FileSystemId=system)['MountTargets']
    for subnet in subnets:
        near = [target for target in targets if target['AvailabilityZoneName'] == subnet['AvailabilityZone']]
        if not near:
            raise _not_started(f'{system} has no mount target in {subnet["AvailabilityZone"]}')
        its = efs.describe_mount_target_security_groups(MountTargetId=near[0]['MountTargetId'])['SecurityGroups']
        if not reachability.reaches(context, groups, its, 2049):
            raise _not_started(f'the mount of {system} timed out: its security groups do not let the tasks in')
    if authorization.get('iam') == 'ENABLED':
        arn = context.arn('elasticfilesystem', f'file-system/{system}')
        its_point = {'elasticfilesystem:AccessPointArn': context.arn('elasticfilesystem', f'access-point/{point}')}
        if role is None or not permissions.allows(
            context.aws('iam'), role, 'elasticfilesystem:ClientMount', arn, its_point
        ):
            raise _not_started(f'the task role {role} is not authorized to perform elasticfilesystem:ClientMount on {arn}')
