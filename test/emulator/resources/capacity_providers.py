"""AWS::ECS, of capacity providers"""

import re
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import autoscaling
from .capacity_strategy import FARGATE, check_strategy, cluster_of
from .ecs_api import in_api, retag

# What ECS keeps for itself.
RESERVED = re.compile(r'(aws|ecs|fargate)', re.IGNORECASE)


@handles('AWS::ECS::CapacityProvider')
class CapacityProvider(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('Name') or context.name(255)
        if RESERVED.match(name):
            raise Failure(
                f'The specified capacity provider name {name} is invalid. Capacity provider names cannot be prefixed '
                'with "aws", "ecs", or "fargate".'
            )
        request = in_api(context, 'CreateCapacityProvider', properties)
        if 'autoScalingGroupProvider' not in request:
            raise Failure('AutoScalingGroupProvider must be given: the emulator knows no managed instances.')
        self._check(context, name, request['autoScalingGroupProvider'])
        context.aws('ecs').create_capacity_provider(name=name, **request)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        retag(context, context.arn('ecs', f'capacity-provider/{context.physical_id}'), old, new)
        given = in_api(context, 'CreateCapacityProvider', new)['autoScalingGroupProvider']
        arn = given.pop('autoScalingGroupArn')
        if arn != old['AutoScalingGroupProvider']['AutoScalingGroupArn']:
            raise Failure('AutoScalingGroupArn: that of a capacity provider cannot be changed.')
        self._check(context, context.physical_id, given | {'autoScalingGroupArn': arn})
        context.aws('ecs').update_capacity_provider(name=context.physical_id, autoScalingGroupProvider=given)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        for cluster in get_backend('ecs')[context.account][context.region].clusters.values():
            if cluster.status == 'ACTIVE' and context.physical_id in (cluster.capacity_providers or []):
                raise Failure(
                    'The capacity provider cannot be deleted because it is associated with cluster: '
                    f'{cluster.name}. Remove the capacity provider from the cluster and try again.'
                )
        context.aws('ecs').delete_capacity_provider(capacityProvider=context.physical_id)

    def _check(self, context: Context, name: str, provider: dict[str, Any]) -> None:
        group = autoscaling.described(context, provider['autoScalingGroupArn'])
        for other in get_backend('ecs')[context.account][context.region].capacity_providers.values():
            its = other.auto_scaling_group_provider['autoScalingGroupArn'].split('/')[-1]
            if other.name != name and its == group['AutoScalingGroupName']:
                raise Failure(
                    'The specified Auto Scaling group ARN is already being used by another capacity provider: '
                    f'{other.name}.'
                )
        if provider.get('managedTerminationProtection') != 'ENABLED':
            return
        invalid = 'The managed termination protection setting for the capacity provider is invalid.'
        if not group.get('NewInstancesProtectedFromScaleIn'):
            raise Failure(
                f'{invalid} To enable managed termination protection for a capacity provider, the Auto Scaling group '
                'must have instance protection from scale in enabled.'
            )
        if provider.get('managedScaling', {}).get('status') != 'ENABLED':
            raise Failure(f'{invalid} To enable it, managed scaling must be enabled as well.')


@handles('AWS::ECS::ClusterCapacityProviderAssociations')
class ClusterCapacityProviderAssociations(Handler):
    # It has the name of the cluster.
    is_reference = False

    def create(self, context: Context, properties: Properties) -> str:
        cluster = cluster_of(context, properties.take('Cluster'))
        self._put(context, cluster['clusterName'], properties)
        return cluster['clusterName']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        _check_users(context, context.physical_id, set(new.values['CapacityProviders']))
        self._put(context, context.physical_id, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        _check_users(context, context.physical_id, set())
        context.aws('ecs').put_cluster_capacity_providers(
            cluster=context.physical_id, capacityProviders=[], defaultCapacityProviderStrategy=[]
        )

    def _put(self, context: Context, cluster: str, properties: Properties) -> None:
        request = in_api(context, 'PutClusterCapacityProviders', properties)
        check_providers(context, request)
        context.aws('ecs').put_cluster_capacity_providers(cluster=cluster, **request)


def check_providers(context: Context, request: dict[str, Any]) -> None:
    """Those that a cluster is to have, and its default strategy."""
    providers, ecs = request.get('capacityProviders', []), context.aws('ecs')
    for name in [each for each in providers if each not in FARGATE]:
        if not ecs.describe_capacity_providers(capacityProviders=[name])['capacityProviders']:
            raise Failure(f'The specified capacity provider {name} was not found.')
    if strategy := request.get('defaultCapacityProviderStrategy'):
        check_strategy(strategy, providers)


def _check_users(context: Context, cluster: str, kept: set[str]) -> None:
    for service in get_backend('ecs')[context.account][context.region].services.values():
        used = {each['capacityProvider'] for each in getattr(service, 'capacity_provider_strategy', None) or []}
        if service.cluster_name == cluster and service.status == 'ACTIVE' and used - kept:
            raise Failure(
                'The specified capacity provider is in use and cannot be removed from the cluster: '
                f'{", ".join(sorted(used - kept))} by the service {service.name}.'
            )
