"""Whether a task of a service could start. No container runs here; what ECS itself needs for one must be there."""

from typing import Any

from cloudformation import permissions
from cloudformation.resource import Context, Failure

from . import data_services, placement, reachability
from .capacity_strategy import hosts_of
from .container_hosts import check_hosts
from .stopped_tasks import NEVER_STABLE, not_started
from .task_images import check_image
from .task_launch import Launch
from .task_secrets import value_of
from .task_volumes import check_volume
from .ways_out import WaysOut

# Of images whose name contains one of these no task ever gets healthy.
UNHEALTHY_IMAGES: set[str] = set()


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
    hosts = hosts_of(context, service, task)
    check_target_groups(context, service, task)
    launch = _launch(context, service, task, hosts)
    for role in [launch.execution_role, launch.task_role]:
        if role and not permissions.trusts(context.aws('iam'), role, 'ecs-tasks.amazonaws.com', context.region):
            raise not_started(f'ECS was unable to assume the role {role}')
    told = set()
    for container in task['containerDefinitions']:
        for secret in container.get('secrets', []):
            told.add(value_of(launch, container['name'], secret))
        told.update(variable['value'] for variable in container.get('environment', []))
        check_image(launch, container)
        _check_log_group(launch, container.get('logConfiguration', {}))
    launch.check_ways_out()
    for volume in task.get('volumes', []):
        if 'efsVolumeConfiguration' in volume:
            check_volume(launch, volume['name'], volume['efsVolumeConfiguration'])
    unreachable = data_services.unreachable(context, '\n'.join(told), launch.groups, launch.subnets)
    unreachable += reachability.cut_off(context, service.get('loadBalancers', []), launch.groups)
    if unreachable:
        raise Failure(f'{NEVER_STABLE} {"; ".join(unreachable)}.')
    for container in task['containerDefinitions']:
        if any(image in container['image'] for image in UNHEALTHY_IMAGES):
            raise Failure(NEVER_STABLE)


def _launch(context: Context, service: dict[str, Any], task: dict[str, Any], hosts: list[str] | None) -> Launch:
    network = service.get('networkConfiguration', {}).get('awsvpcConfiguration')
    if network is None:
        raise Failure('Network Configuration must be provided when networkMode awsvpc is specified.')
    subnets = placement.subnets(context, 'NetworkConfiguration', network['subnets'])
    groups = network.get('securityGroups', [])
    placement.security_groups(context, 'NetworkConfiguration', groups, subnets[0]['VpcId'])
    has_public_ip = network.get('assignPublicIp') == 'ENABLED'
    if hosts is None:
        ways_out = [WaysOut(context, subnet, groups, has_public_ip) for subnet in subnets]
    elif has_public_ip:
        raise Failure('Assign public IP is not supported for this launch type.')
    else:
        ways_out = check_hosts(context, service['cluster'].split('/')[-1], hosts, task, subnets)
    return Launch(context, task, subnets, groups, ways_out)


def _check_log_group(launch: Launch, logs: dict[str, Any]) -> None:
    if logs.get('logDriver') != 'awslogs':
        return
    context, group = launch.context, logs['options']['awslogs-group']
    found = context.aws('logs').describe_log_groups(logGroupNamePrefix=group)['logGroups']
    if group not in [one['logGroupName'] for one in found]:
        raise not_started(f'failed to validate logger args: The specified log group {group} does not exist.')
    stream = context.arn('logs', f'log-group:{group}:log-stream:node')
    for action in ('logs:CreateLogStream', 'logs:PutLogEvents'):
        launch.execution_role_must(action, stream, group)
        launch.must_reach('logs', action, stream, f'write the logs of {group}')
