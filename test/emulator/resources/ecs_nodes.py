"""What becomes of the tasks of a service while it runs. moto starts none, and looks after none."""

from dataclasses import dataclass
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.ecs.models import EC2ContainerServiceBackend
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus


@dataclass
class Nodes:
    """What a test says of all nodes."""

    # What they answer to a health check.
    answers: int = 200
    # After how many looks a service has as many tasks as are wanted, and a deployment is through.
    looks: int = 0
    # What a deployment comes to: 'COMPLETED', or 'ROLLED_BACK' to the nodes before it.
    outcome: str = 'COMPLETED'


NODES = Nodes()
_register = ApplicationAutoscalingBackend.register_scalable_target
_update_service = EC2ContainerServiceBackend.update_service
_describe_services = EC2ContainerServiceBackend.describe_services
_describe_target_health = ELBv2Backend.describe_target_health


def settle(service: Any) -> None:
    """As many tasks run as are wanted, and no others."""
    service.looks = 0
    service.running_count, service.pending_count = service.desired_count, 0
    primary = next(each for each in service.deployments if each['status'] == 'PRIMARY')
    if NODES.outcome == 'ROLLED_BACK' and len(service.deployments) > 1:
        primary |= {'id': f'{service.deployments[1]["id"]}-back'}
    count = service.desired_count
    primary |= {'runningCount': count, 'desiredCount': count, 'pendingCount': 0, 'rolloutState': 'COMPLETED'}
    service.deployments[:] = [primary]


def _change(service: Any) -> None:
    service.looks = NODES.looks
    if not service.looks:
        settle(service)


def register_scalable_target(self: Any, namespace: str, r_id: str, *rest: Any, **named: Any) -> Any:
    target = _register(self, namespace, r_id, *rest, **named)
    if namespace == 'ecs':
        # Registering moves the count inside the bounds at once.
        _, cluster, name = r_id.split('/')
        service = self.ecs_backend.services[f'{cluster}:{name}']
        inside = max(target.min_capacity, min(target.max_capacity, service.desired_count))
        if inside != service.desired_count:
            service.desired_count = inside
            _change(service)
    return target


def update_service(self: Any, properties: dict[str, Any]) -> Any:
    forced = properties.get('force_new_deployment')
    service = _update_service(self, properties)
    if forced:
        new = service.deployments[0]
        old = new | {'status': 'ACTIVE', 'id': f'{new["id"]}-old'}
        service.deployments[:] = [new | {'status': 'PRIMARY', 'rolloutState': 'IN_PROGRESS'}, old]
        service.looks = max(1, NODES.looks)
    return service


def describe_services(self: Any, *rest: Any) -> Any:
    services, failures = _describe_services(self, *rest)
    for service in services:
        if getattr(service, 'looks', 0):
            service.looks -= 1
            if not service.looks:
                settle(service)
    return services, failures


def describe_target_health(self: Any, target_group_arn: str, targets: list[dict[str, Any]]) -> list[FakeHealthStatus]:
    registered = _describe_target_health(self, target_group_arn, targets)
    group = self.target_groups[target_group_arn]
    good = str(NODES.answers) in group.matcher['HttpCode'].split(',')
    nodes = [
        FakeHealthStatus(f'{service.name}-{index}', group.port, group.port, 'healthy' if good else 'unhealthy')
        for service in _services(self)
        if any(each['targetGroupArn'] == target_group_arn for each in service.load_balancers)
        for index in range(service.running_count)
    ]
    return registered + nodes


def _services(elb: Any) -> list[Any]:
    from moto.ecs.models import ecs_backends

    return [each for each in ecs_backends[elb.account_id][elb.region_name].services.values() if each.status == 'ACTIVE']


ApplicationAutoscalingBackend.register_scalable_target = register_scalable_target
EC2ContainerServiceBackend.update_service = update_service
EC2ContainerServiceBackend.describe_services = describe_services
ELBv2Backend.describe_target_health = describe_target_health
