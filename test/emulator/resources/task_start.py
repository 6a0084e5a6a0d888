"""Whether a task of a service could start. No container runs here; what ECS itself needs for one must be there."""

import ipaddress
import json
import re
from typing import Any

from botocore.exceptions import ClientError

from cloudformation import permissions
from cloudformation.resource import Context, Failure

from . import placement

# Of images whose name contains one of these no task ever gets healthy.
UNHEALTHY_IMAGES: set[str] = set()

SECRET = re.compile(r'^(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+|[^:]+)(?::([^:]*):([^:]*):([^:]*))?$')
NEVER_STABLE = "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\""


def check_target_groups(context: Context, service: dict[str, Any]) -> None:
    elb = context.aws('elbv2')
    for target in service.get('loadBalancers', []):
        arn = target['targetGroupArn']
        (group,) = elb.describe_target_groups(TargetGroupArns=[arn])['TargetGroups']
        if not group.get('LoadBalancerArns'):
            raise Failure(f'The target group with targetGroupArn {arn} does not have an associated load balancer.')


def check(context: Context, service: dict[str, Any]) -> None:
    described = context.aws('ecs').describe_task_definition(taskDefinition=service['taskDefinition'])
    task = described['taskDefinition']
    network = service.get('networkConfiguration', {}).get('awsvpcConfiguration', {})
    execution_role = task.get('executionRoleArn')
    for role in [execution_role, task.get('taskRoleArn')]:
        if role and not permissions.trusts(context.aws('iam'), role, 'ecs-tasks.amazonaws.com'):
            raise _not_started(f'ECS was unable to assume the role {role}')
    for container in task['containerDefinitions']:
        for secret in container.get('secrets', []):
            _check_secret(context, execution_role, container['name'], secret)
        _check_log_group(context, execution_role, container.get('logConfiguration', {}))
    subnets = placement.subnets(context, 'NetworkConfiguration', network['subnets'])
    placement.security_groups(context, 'NetworkConfiguration', network.get('securityGroups', []), subnets[0]['VpcId'])
    for subnet in subnets:
        _check_way_out(context, subnet, network.get('assignPublicIp') == 'ENABLED')
    for volume in task.get('volumes', []):
        if 'efsVolumeConfiguration' in volume:
            _check_volume(context, task.get('taskRoleArn'), volume['efsVolumeConfiguration'], subnets, network['securityGroups'])
    for container in task['containerDefinitions']:
        if any(image in container['image'] for image in UNHEALTHY_IMAGES):
            raise Failure(NEVER_STABLE)


def _not_started(why: str) -> Failure:
    return Failure(f'{NEVER_STABLE} The tasks stopped before they started: ResourceInitializationError: {why}')


def _check_secret(context: Context, role: str | None, container: str, secret: dict[str, str]) -> None:
    if ':secretsmanager:' not in secret['valueFrom']:
        # A name or an ARN of no other service is that of a parameter.
        _check_parameter(context, role, secret)
        return
    found = SECRET.match(secret['valueFrom'])
    what = f'the secret {secret["name"]} of the container {container} ({secret["valueFrom"]})'
    if found is None:
        raise _not_started(f'{what} is not the name of a Secret')
    manager = context.aws('secretsmanager')
    try:
        answer = manager.get_secret_value(SecretId=found[1])
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


def _check_parameter(context: Context, role: str | None, secret: dict[str, str]) -> None:
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


def _check_way_out(context: Context, subnet: dict[str, Any], has_public_ip: bool) -> None:
    """Without one the image cannot be pulled."""
    ec2 = context.aws('ec2')
    of_subnet = [{'Name': 'association.subnet-id', 'Values': [subnet['SubnetId']]}]
    tables = ec2.describe_route_tables(Filters=of_subnet)['RouteTables']
    routes = [route for table in tables for route in table['Routes'] if route.get('DestinationCidrBlock') == '0.0.0.0/0']
    by_nat = any('NatGatewayId' in route for route in routes)
    by_gateway = has_public_ip and any(route.get('GatewayId', '').startswith('igw-') for route in routes)
    endpoints = ec2.describe_vpc_endpoints(Filters=[{'Name': 'vpc-id', 'Values': [subnet['VpcId']]}])['VpcEndpoints']
    by_endpoint = any(endpoint['ServiceName'].endswith('.ecr.dkr') for endpoint in endpoints)
    if not (by_nat or by_gateway or by_endpoint):
        raise _not_started(f'unable to pull the image: the subnet {subnet["SubnetId"]} has no route to it')


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
        if not reaches(context, groups, its, 2049):
            raise _not_started(f'the mount of {system} timed out: its security groups do not let the tasks in')
    if authorization.get('iam') == 'ENABLED':
        arn = context.arn('elasticfilesystem', f'file-system/{system}')
        its_point = {'elasticfilesystem:AccessPointArn': context.arn('elasticfilesystem', f'access-point/{point}')}
        if role is None or not permissions.allows(
            context.aws('iam'), role, 'elasticfilesystem:ClientMount', arn, its_point
        ):
            raise _not_started(f'the task role {role} is not authorized to perform elasticfilesystem:ClientMount on {arn}')


def reaches(context: Context, sources: list[str], destinations: list[str], port: int) -> bool:
    """Whether security groups let each other's members through, on both sides."""
    ec2 = context.aws('ec2')
    described = ec2.describe_security_groups(GroupIds=[*sources, *destinations])['SecurityGroups']
    groups = {group['GroupId']: group for group in described}
    leaves = any(_covers(rule, port, destinations) for one in sources for rule in groups[one]['IpPermissionsEgress'])
    enters = any(_covers(rule, port, sources) for one in destinations for rule in groups[one]['IpPermissions'])
    return leaves and enters


def _covers(rule: dict[str, Any], port: int, peers: list[str]) -> bool:
    if rule['IpProtocol'] != '-1' and not rule['FromPort'] <= port <= rule['ToPort']:
        return False
    everybody = any(ipaddress.ip_network(block['CidrIp']).prefixlen == 0 for block in rule['IpRanges'])
    return everybody or any(pair['GroupId'] in peers for pair in rule['UserIdGroupPairs'])
