"""On what a service of ECS runs: its launch type, or capacity providers that its cluster has."""

from typing import Any

from cloudformation.resource import Context, Failure

from .container_hosts import cluster_that_joins

FARGATE = ('FARGATE', 'FARGATE_SPOT')
Strategy = list[dict[str, Any]]


def hosts_of(context: Context, service: dict[str, Any], task: dict[str, Any]) -> list[str] | None:
    """The Auto Scaling groups with the instances for a service; nothing for one that runs on Fargate."""
    launch_type, strategy = service.get('launchType'), service.get('capacityProviderStrategy')
    if launch_type and strategy:
        raise Failure(
            'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.'
        )
    cluster = cluster_of(context, service.get('cluster', 'default'))
    if not launch_type and not strategy:
        strategy = cluster.get('defaultCapacityProviderStrategy')
    if strategy:
        check_strategy(strategy, cluster.get('capacityProviders', []))
        # It is the cluster that has them, or what was made after it to tell it so.
        context.needs.add(cluster['clusterName'])
    providers = [each['capacityProvider'] for each in strategy or []]
    on_fargate = launch_type == 'FARGATE' or any(name in FARGATE for name in providers)
    wanted = 'FARGATE' if on_fargate else 'EC2'
    if wanted not in task.get('requiresCompatibilities', ['EC2']):
        raise Failure(f'The task definition does not support the launch type {wanted}.')
    if on_fargate and (service.get('placementConstraints') or service.get('placementStrategy')):
        raise Failure('Placement strategies and constraints are not supported with FARGATE.')
    if on_fargate:
        return None
    if providers:
        return [group_of(context, name) for name in providers]
    return groups_of_cluster(context, cluster['clusterName'])


def cluster_of(context: Context, name: str) -> dict[str, Any]:
    found = context.aws('ecs').describe_clusters(clusters=[name])['clusters']
    if not found or found[0]['status'] != 'ACTIVE':
        raise Failure(f'Cluster not found: {name}')
    return found[0]


def check_strategy(strategy: Strategy, associated: list[str]) -> None:
    """What ECS refuses of the strategy of a service or of a cluster."""
    names = [each['capacityProvider'].split('/')[-1] for each in strategy]
    for name in names:
        if name not in [each.split('/')[-1] for each in associated]:
            raise Failure(
                'The specified capacity provider strategy cannot contain a capacity provider that is not associated with '
                f'the cluster: {name}. Associate the capacity provider with the cluster and try again.'
            )
        if names.count(name) > 1:
            raise Failure(f'The specified capacity provider strategy cannot contain duplicate capacity providers: {name}.')
    if len({name in FARGATE for name in names}) > 1:
        raise Failure(
            'The specified capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling '
            f'groups and Fargate: {", ".join(names)}.'
        )
    if sum(each.get('base', 0) > 0 for each in strategy) > 1:
        raise Failure('The specified capacity provider strategy can have only one capacity provider with a base value.')
    # A weight that is not said is none when several providers are there.
    if not any(each.get('weight', 1 if len(strategy) == 1 else 0) > 0 for each in strategy):
        raise Failure(
            'The specified capacity provider strategy must have at least one capacity provider with a weight greater '
            'than zero.'
        )


def group_of(context: Context, provider: str) -> str:
    """The name of the Auto Scaling group of a capacity provider."""
    found = context.aws('ecs').describe_capacity_providers(capacityProviders=[provider])['capacityProviders']
    if not found:
        raise Failure(f'The specified capacity provider {provider} was not found.')
    return found[0]['autoScalingGroupProvider']['autoScalingGroupArn'].split('/')[-1]


def groups_of_cluster(context: Context, cluster: str) -> list[str]:
    """Without a capacity provider: those whose instances join the cluster by themselves."""
    groups = context.aws('autoscaling').describe_auto_scaling_groups()['AutoScalingGroups']
    return [group['AutoScalingGroupName'] for group in groups if cluster_that_joins(context, group) == cluster]
