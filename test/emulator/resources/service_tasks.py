"""Tasks of services, as far as there are as many as run, and which revisions a service may be given."""

import types
from typing import Any

from moto.core.utils import utcnow
from moto.ecs.exceptions import EcsClientException
from moto.ecs.models import EC2ContainerServiceBackend

# It is first to wrap what is wrapped here once more.
from . import ecs_nodes  # noqa: F401

_list = EC2ContainerServiceBackend.list_tasks
_describe = EC2ContainerServiceBackend.describe_tasks
_update = EC2ContainerServiceBackend.update_service
_register = EC2ContainerServiceBackend.register_task_definition
_deregister = EC2ContainerServiceBackend.deregister_task_definition


def list_tasks(self: Any, cluster_str: Any = None, *rest: Any, **named: Any) -> Any:
    # In the order of moto's: container instance, family, who has started it, service, desired status.
    service, status = (rest[3], rest[4]) if len(rest) > 4 else (None, None)
    if service is None:
        return _list(self, cluster_str, *rest, **named)
    return [] if status == 'STOPPED' else _tasks(self, cluster_str, service)


def describe_tasks(self: Any, cluster_str: str, tasks: list[str]) -> Any:
    own = [
        task
        for service in self.services.values()
        if service.cluster_name == cluster_str.split('/')[-1]
        for task in _tasks(self, cluster_str, service.name)
        if task.task_arn in tasks
    ]
    return own or _describe(self, cluster_str, tasks)


def _tasks(backend: Any, cluster: str, name: str) -> list[Any]:
    from .task_start import UNHEALTHY_IMAGES

    service = backend.services[f'{cluster.split("/")[-1]}:{name.split("/")[-1]}']
    definition = backend.describe_task_definition(service.task_definition)
    images = [container['image'] for container in definition.container_definitions]
    bad = any(unhealthy in image for unhealthy in UNHEALTHY_IMAGES for image in images)
    return [
        types.SimpleNamespace(
            task_arn=f'{definition.arn.split(":task-definition/")[0]}:task/{service.cluster_name}/{service.name}-{index}',
            task_definition_arn=definition.arn,
            last_status='RUNNING',
            desired_status='RUNNING',
            health_status='UNHEALTHY' if bad else 'HEALTHY',
        )
        for index in range(service.running_count)
    ]


def update_service(self: Any, properties: dict[str, Any]) -> Any:
    wanted = properties.get('task_definition')
    if wanted is not None and self.describe_task_definition(wanted).status == 'INACTIVE':
        raise EcsClientException('TaskDefinition is inactive')
    service = _update(self, properties)
    if wanted is not None:
        arn = self.describe_task_definition(wanted).arn
        service.task_definition = arn
        for deployment in service.deployments:
            if deployment['status'] == 'PRIMARY':
                deployment['taskDefinition'] = arn
    return service


def register_task_definition(self: Any, *rest: Any, **named: Any) -> Any:
    made = _register(self, *rest, **named)
    made.registered_at = utcnow()
    return made


def deregister_task_definition(self: Any, task_definition_str: str) -> Any:
    gone = _deregister(self, task_definition_str)
    gone.deregistered_at = utcnow()
    return gone


EC2ContainerServiceBackend.list_tasks = list_tasks
EC2ContainerServiceBackend.describe_tasks = describe_tasks
EC2ContainerServiceBackend.update_service = update_service
EC2ContainerServiceBackend.register_task_definition = register_task_definition
EC2ContainerServiceBackend.deregister_task_definition = deregister_task_definition
