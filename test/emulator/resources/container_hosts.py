"""Whether the instances of Auto Scaling groups would take the tasks of a service."""

import base64
import re
from typing import Any

from cloudformation import permissions
from cloudformation.resource import Context

from .launch_templates import data_of
from .placement import subnets as find_subnets
from .stopped_tasks import not_placed
from .ways_out import WaysOut

# What the agent asks ECS for, and the endpoint by which it does.
AGENT = (
    ('ecs', 'ecs:RegisterContainerInstance'),
    ('ecs-agent', 'ecs:Poll'),
    ('ecs-telemetry', 'ecs:StartTelemetrySession'),
)
JOINS = re.compile(r'ECS_CLUSTER\s*=\s*[\'"]?([\w-]+)')
# What the agent and the system of an instance keep for themselves, in MiB; there is no exact number.
RESERVED = 256


def check_hosts(
    context: Context, cluster: str, names: list[str], task: dict[str, Any], subnets: list[dict[str, Any]]
) -> list[WaysOut]:
    """The ways out of the instances. It fails where none of them could run the task."""
    if not names:
        raise not_placed(f'no container instances were found in the cluster {cluster}.')
    asg = context.aws('autoscaling')
    groups = asg.describe_auto_scaling_groups(AutoScalingGroupNames=names)['AutoScalingGroups']
    found = []
    for group in groups:
        data = data_of(context, group['LaunchTemplate'])
        _check_joins(context, group, cluster)
        _check_role(context, data, cluster)
        _check_size(context, group, data, task)
        places = _ways_out(context, group, data)
        _check_zones(group, places, subnets)
        for place in places:
            for service, action in AGENT:
                resource = context.arn('ecs', f'cluster/{cluster}')
                if problem := place.to_service(service, action, resource):
                    raise not_placed(f'the agents of {group["AutoScalingGroupName"]} cannot reach ECS: {problem}')
        found += places
    return found


def cluster_that_joins(context: Context, group: dict[str, Any]) -> str:
    """The cluster that the instances of a group join, which is one of this name unless they are told another one."""
    text = base64.b64decode(data_of(context, group['LaunchTemplate']).get('UserData', '')).decode()
    told = JOINS.search(text)
    return told[1] if told else 'default'


def instance_role(context: Context, data: dict[str, Any]) -> str | None:
    profile = data.get('IamInstanceProfile', {})
    name = profile.get('Name') or profile.get('Arn', '').split('/')[-1]
    roles = context.aws('iam').get_instance_profile(InstanceProfileName=name)['InstanceProfile']['Roles'] if name else []
    return roles[0]['Arn'] if roles else None


def _check_joins(context: Context, group: dict[str, Any], cluster: str) -> None:
    name, joined = group['AutoScalingGroupName'], cluster_that_joins(context, group)
    if joined != cluster:
        raise not_placed(f"the instances of {name} join the cluster {joined}, not {cluster}, as their user data says.")
    if int(group['MaxSize']) < 1:
        raise not_placed(f'{name} can have no instance: its MaxSize is {group["MaxSize"]}.')


def _check_role(context: Context, data: dict[str, Any], cluster: str) -> None:
    iam, role, arn = context.aws('iam'), instance_role(context, data), context.arn('ecs', f'cluster/{cluster}')
    if role is None or not permissions.trusts(iam, role, 'ec2.amazonaws.com', context.region):
        raise not_placed(f'the instances have no role that EC2 can take on: {role}')
    for action, resource in (
        ('ecs:DiscoverPollEndpoint', '*'),
        ('ecs:RegisterContainerInstance', arn),
        ('ecs:Poll', context.arn('ecs', f'container-instance/{cluster}/any')),
        ('ecs:SubmitTaskStateChange', arn),
    ):
        if not permissions.allows(iam, role, action, resource, {'ecs:cluster': arn}):
            raise not_placed(f'the role of the instances {role} is not authorized to perform {action} on {arn}')


def _check_size(context: Context, group: dict[str, Any], data: dict[str, Any], task: dict[str, Any]) -> None:
    wanted = data['InstanceType']
    (kind,) = context.aws('ec2').describe_instance_types(InstanceTypes=[wanted])['InstanceTypes']
    memory, cpu = kind['MemoryInfo']['SizeInMiB'] - RESERVED, kind['VCpuInfo']['DefaultVCpus'] * 1024
    containers = task['containerDefinitions']
    reserved = sum(each.get('memoryReservation') or each.get('memory', 0) for each in containers)
    needs_memory = int(task.get('memory') or reserved)
    needs_cpu = int(task.get('cpu') or sum(each.get('cpu', 0) for each in containers))
    where = f'the instances of {group["AutoScalingGroupName"]} ({wanted})'
    if needs_memory > memory:
        raise not_placed(
            f'{where} have insufficient memory available: the task needs {needs_memory} MiB of at most {memory}.'
        )
    if needs_cpu > cpu:
        raise not_placed(f'{where} have insufficient CPU available: the task needs {needs_cpu} units of {cpu}.')


def _ways_out(context: Context, group: dict[str, Any], data: dict[str, Any]) -> list[WaysOut]:
    subnets = find_subnets(context, 'VPCZoneIdentifier', group['VPCZoneIdentifier'].split(','))
    interface = (data.get('NetworkInterfaces') or [{}])[0]
    groups = interface.get('Groups') or data.get('SecurityGroupIds', [])
    public = interface.get('AssociatePublicIpAddress')
    return [
        WaysOut(context, subnet, groups, subnet['MapPublicIpOnLaunch'] if public is None else public)
        for subnet in subnets
    ]


def _check_zones(group: dict[str, Any], places: list[WaysOut], subnets: list[dict[str, Any]]) -> None:
    """The network interface of a task is in a subnet of its own, in the zone of the instance."""
    zones = {place.subnet['AvailabilityZone'] for place in places}
    if not zones & {subnet['AvailabilityZone'] for subnet in subnets}:
        raise not_placed(f'{group["AutoScalingGroupName"]} has no instances in the Availability Zones of the tasks.')
