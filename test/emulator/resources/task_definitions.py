"""AWS::ECS::TaskDefinition"""

import json
from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .ecs_api import in_api, retag
from .task_images import ECR

LARGEST = 64 * 1024
# Of the log driver awslogs: those that Fargate demands, and the others.
REQUIRED_OF_AWSLOGS = {'awslogs-group', 'awslogs-region', 'awslogs-stream-prefix'}
OPTIONS_OF_AWSLOGS = REQUIRED_OF_AWSLOGS | {
    'awslogs-create-group',
    'awslogs-datetime-format',
    'awslogs-multiline-pattern',
    'max-buffer-size',
    'mode',
}
GIB = 1024
# The memory that tasks on Fargate can have, by their CPU units: the least, the most and the step, in MiB.
FARGATE_SIZES = {
    512: (1 * GIB, 4 * GIB, GIB),
    1024: (2 * GIB, 8 * GIB, GIB),
    2048: (4 * GIB, 16 * GIB, GIB),
    4096: (8 * GIB, 30 * GIB, GIB),
    8192: (16 * GIB, 60 * GIB, 4 * GIB),
    16384: (32 * GIB, 120 * GIB, 8 * GIB),
}
SMALLEST_FARGATE = {256: (512, 1 * GIB, 2 * GIB)}


@handles('AWS::ECS::TaskDefinition')
class TaskDefinition(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        request = {'family': context.name(255)} | in_api(context, 'RegisterTaskDefinition', properties)
        _check_volumes(request)
        for container in request['containerDefinitions']:
            _check_logs(container)
            if container.get('secrets') and 'executionRoleArn' not in request:
                raise Failure(
                    "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
                )
        if 'FARGATE' in request.get('requiresCompatibilities', []):
            _check_fargate(request)
        size = len(json.dumps(request))
        if size > LARGEST:
            raise Failure(f'Actual length: {size}. Max allowed length is {LARGEST} bytes.')
        made = context.aws('ecs').register_task_definition(**request)
        return made['taskDefinition']['taskDefinitionArn']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        retag(context, context.physical_id, old, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ecs').deregister_task_definition(taskDefinition=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'TaskDefinitionArn': context.physical_id}


def _check_volumes(task: dict[str, Any]) -> None:
    volumes = {volume['name']: volume for volume in task.get('volumes', [])}
    for container in task['containerDefinitions']:
        for mount in container.get('mountPoints', []):
            if mount.get('sourceVolume') not in volumes:
                raise Failure(f'Unknown volume {mount.get("sourceVolume")} of the container {container["name"]}.')
    for name, volume in volumes.items():
        files = volume.get('efsVolumeConfiguration', {})
        authorization = files.get('authorizationConfig', {})
        if authorization.get('accessPointId') and files.get('rootDirectory', '/') != '/':
            raise Failure(f'The root directory of the volume {name} must be omitted or / when an access point is specified.')
        if authorization and files.get('transitEncryption') != 'ENABLED':
            raise Failure(
                f'The volume {name} needs transitEncryption ENABLED: IAM authorization and access points demand it.'
            )


def _check_logs(container: dict[str, Any]) -> None:
    logs = container.get('logConfiguration', {})
    if logs.get('logDriver') != 'awslogs':
        return
    given = set(logs.get('options', {}))
    for what, names in (('requires', REQUIRED_OF_AWSLOGS - given), ('disallows', given - OPTIONS_OF_AWSLOGS)):
        if names:
            raise Failure(f'LogConfiguration of {container["name"]}: awslogs {what} options: {", ".join(sorted(names))}')


def _check_fargate(task: dict[str, Any]) -> None:
    if task.get('networkMode') != 'awsvpc':
        raise Failure('Fargate only supports network mode ‘awsvpc’.')
    cpu, memory = int(task.get('cpu', 0)), int(task.get('memory', 0))
    least, most, step = FARGATE_SIZES.get(cpu, (0, -1, 1))
    if memory not in SMALLEST_FARGATE.get(cpu, range(least, most + 1, step)):
        raise Failure(f'No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.')
    containers = task['containerDefinitions']
    wanted = sum(each.get('memoryReservation') or each.get('memory', 0) for each in containers)
    if wanted > memory:
        raise Failure(f'The memory of the containers, {wanted} MiB, is more than that of the task, {memory} MiB.')
    if 'executionRoleArn' in task:
        return
    for container in containers:
        if ECR.fullmatch(container['image']):
            raise Failure('Fargate requires task definition to have execution role ARN to support ECR images.')
        if container.get('logConfiguration', {}).get('logDriver') == 'awslogs':
            raise Failure('Fargate requires task definition to have execution role ARN to support log driver awslogs.')
