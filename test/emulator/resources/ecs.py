"""AWS::ECS, of clusters and services"""

from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import task_start
from .capacity_providers import check_providers
from .capacity_strategy import groups_of_cluster
from .ecs_api import in_api, retag
from .ecs_nodes import settle


@handles('AWS::ECS::Cluster')
class Cluster(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name, request = properties.take('ClusterName') or context.name(255), in_api(context, 'CreateCluster', properties)
        check_providers(context, request)
        context.aws('ecs').create_cluster(clusterName=name, **request)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        ecs, name = context.aws('ecs'), context.physical_id
        retag(context, self.attributes(context, new.values)['Arn'], old, new)
        if {'CapacityProviders', 'DefaultCapacityProviderStrategy'} & {*old, *new.values}:
            request = in_api(context, 'PutClusterCapacityProviders', new)
            check_providers(context, request)
            none = {'capacityProviders': [], 'defaultCapacityProviderStrategy': []}
            ecs.put_cluster_capacity_providers(cluster=name, **(none | request))
        ecs.update_cluster(cluster=name, **in_api(context, 'UpdateCluster', new))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        services = get_backend('ecs')[context.account][context.region].services.values()
        if any(each.cluster_name == context.physical_id and each.status == 'ACTIVE' for each in services):
            raise Failure('The Cluster cannot be deleted while Services are active.')
        if groups_of_cluster(context, context.physical_id):
            raise Failure('The Cluster cannot be deleted while Container Instances are active or draining.')
        context.aws('ecs').delete_cluster(cluster=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.arn('ecs', f'cluster/{context.physical_id}')}


@handles('AWS::ECS::Service')
class Service(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('ServiceName') or context.name(255)
        # ECS starts with one when nobody says how many.
        request = {'desiredCount': 1} | in_api(context, 'CreateService', properties)
        made = context.aws('ecs').create_service(serviceName=name, **request)
        context.physical_id = made['service']['serviceArn']
        # The emulator takes it and forgets it.
        self._service(context).health_check_grace_period_seconds = request.get('healthCheckGracePeriodSeconds', 0)
        self._stabilize(context, request)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        if 'DesiredCount' in old and 'DesiredCount' not in new:
            # Whoever set it last, the template does not say any more.
            new.take('DesiredCount')
        whole = in_api(context, 'CreateService', Properties(new.values))
        retag(context, context.physical_id, old, new)
        context.aws('ecs').update_service(service=context.physical_id, **in_api(context, 'UpdateService', new))
        self._stabilize(context, whole)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        cluster, _ = parts_of(context.physical_id)
        context.aws('ecs').delete_service(cluster=cluster, service=context.physical_id, force=True)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'ServiceArn': context.physical_id, 'Name': parts_of(context.physical_id)[1]}

    def _stabilize(self, context: Context, request: dict[str, Any]) -> None:
        try:
            task_start.check(context, request)
        except Exception as error:
            # The service is there, although it got no task to run.
            error.physical_id = context.physical_id
            raise
        service = self._service(context)
        if strategy := request.get('capacityProviderStrategy'):
            # The emulator takes it and forgets it.
            service.capacity_provider_strategy, service.launch_type = strategy, None
        settle(service)

    def _service(self, context: Context) -> Any:
        cluster, name = parts_of(context.physical_id)
        return get_backend('ecs')[context.account][context.region].services[f'{cluster}:{name}']


def parts_of(service_arn: str) -> tuple[str, str]:
    _, cluster, name = service_arn.split('/')
    return cluster, name
