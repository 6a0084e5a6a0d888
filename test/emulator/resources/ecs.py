"""AWS::ECS"""

import json
from typing import Any

from botocore.model import Shape
from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import task_start

# The names that differ in more than their capitals.
RENAMED = {'ClusterSettings': 'settings'}
LARGEST_TASK_DEFINITION = 64 * 1024
# Of the log driver awslogs: those that Fargate demands, and the others.
REQUIRED_OF_AWSLOGS = {'awslogs-group', 'awslogs-region', 'awslogs-stream-prefix'}
OPTIONS_OF_AWSLOGS = REQUIRED_OF_AWSLOGS | {
    'awslogs-create-group',
    'awslogs-datetime-format',
    'awslogs-multiline-pattern',
    'max-buffer-size',
    'mode',
}


@handles('AWS::ECS::Cluster')
class Cluster(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('ClusterName') or context.name(255)
        context.aws('ecs').create_cluster(clusterName=name, **in_api(context, 'CreateCluster', properties))
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        context.aws('ecs').update_cluster(cluster=context.physical_id, **in_api(context, 'UpdateCluster', new))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ecs').delete_cluster(cluster=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.arn('ecs', f'cluster/{context.physical_id}')}


@handles('AWS::ECS::TaskDefinition')
class TaskDefinition(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        request = {'family': context.name(255)} | in_api(context, 'RegisterTaskDefinition', properties)
        volumes = {volume['name'] for volume in request.get('volumes', [])}
        for container in request['containerDefinitions']:
            check_logs(container)
            for mount in container.get('mountPoints', []):
                if mount.get('sourceVolume') not in volumes:
                    raise Failure(f'Unknown volume {mount.get("sourceVolume")} of the container {container["name"]}.')
        size = len(json.dumps(request))
        if size > LARGEST_TASK_DEFINITION:
            raise Failure(f'Actual length: {size}. Max allowed length is {LARGEST_TASK_DEFINITION} bytes.')
        made = context.aws('ecs').register_task_definition(**request)
        return made['taskDefinition']['taskDefinitionArn']

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ecs').deregister_task_definition(taskDefinition=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'TaskDefinitionArn': context.physical_id}


@handles('AWS::ECS::Service')
class Service(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('ServiceName') or context.name(255)
        # ECS starts with one when nobody says how many.
        request = {'desiredCount': 1} | in_api(context, 'CreateService', properties)
        made = context.aws('ecs').create_service(serviceName=name, **request)
        context.physical_id = made['service']['serviceArn']
        self._stabilize(context, request)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        if 'DesiredCount' in old and 'DesiredCount' not in new:
            # Whoever set it last, the template does not say any more.
            new.take('DesiredCount')
        request = in_api(context, 'UpdateService', new)
        context.aws('ecs').update_service(service=context.physical_id, **request)
        self._stabilize(context, request)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        cluster, _ = parts_of(context.physical_id)
        context.aws('ecs').delete_service(cluster=cluster, service=context.physical_id, force=True)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'ServiceArn': context.physical_id, 'Name': parts_of(context.physical_id)[1]}

    def _stabilize(self, context: Context, request: dict[str, Any]) -> None:
        try:
            task_start.check(context, request)
        except Failure as failure:
            # The service is there, although it got no task to run.
            failure.physical_id = context.physical_id
            raise
        settle(context, *parts_of(context.physical_id))


def check_logs(container: dict[str, Any]) -> None:
    logs = container.get('logConfiguration', {})
    if logs.get('logDriver') != 'awslogs':
        return
    given = set(logs.get('options', {}))
    for what, names in (('requires', REQUIRED_OF_AWSLOGS - given), ('disallows', given - OPTIONS_OF_AWSLOGS)):
        if names:
            raise Failure(f'LogConfiguration of {container["name"]}: awslogs {what} options: {", ".join(sorted(names))}')


def settle(context: Context, cluster: str, name: str) -> None:
    """moto starts no tasks; here as many run as are desired."""
    service = get_backend('ecs')[context.account][context.region].services[f'{cluster}:{name}']
    service.running_count, service.pending_count = service.desired_count, 0
    for deployment in service.deployments:
        is_current = deployment['status'] == 'PRIMARY'
        count = service.desired_count if is_current else 0
        deployment |= {'runningCount': count, 'desiredCount': count, 'pendingCount': 0, 'rolloutState': 'COMPLETED'}


def parts_of(service_arn: str) -> tuple[str, str]:
    _, cluster, name = service_arn.split('/')
    return cluster, name


def in_api(context: Context, operation: str, properties: Properties) -> dict[str, Any]:
    """The properties as parameters of a call, as far as it has them."""
    shape = context.aws('ecs').meta.service_model.operation_model(operation).input_shape
    members = {name.lower(): name for name in shape.members}
    request = {}
    for name in [name for name in properties.values if name not in properties.taken]:
        member = members.get(RENAMED.get(name, name).lower())
        if member is not None:
            request[member] = _in_api(properties.take(name), shape.members[member], name)
    return request


def _in_api(value: Any, shape: Shape, where: str) -> Any:
    if shape.type_name == 'list':
        return [_in_api(item, shape.member, f'{where}.{index}') for index, item in enumerate(value)]
    if shape.type_name != 'structure':
        return value
    members = {name.lower(): name for name in shape.members}
    unknown = [name for name in value if name.lower() not in members]
    if unknown:
        raise Failure(f'The emulator does not support {where}.{unknown[0]}')
    named = {members[name.lower()]: member for name, member in value.items()}
    return {name: _in_api(member, shape.members[name], f'{where}.{name}') for name, member in named.items()}
