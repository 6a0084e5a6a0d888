"""AWS::ApplicationAutoScaling"""

from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .tagging import KEPT


@handles('AWS::ApplicationAutoScaling::ScalableTarget')
class ScalableTarget(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        self._register(context, properties)
        return '|'.join(properties.values[name] for name in ('ResourceId', 'ScalableDimension', 'ServiceNamespace'))

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._register(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('application-autoscaling').deregister_scalable_target(
            **{name: properties[name] for name in ('ResourceId', 'ScalableDimension', 'ServiceNamespace')}
        )

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}

    def _register(self, context: Context, properties: Properties) -> None:
        if properties.values['ServiceNamespace'] != 'ecs':
            raise Failure(f'The emulator scales services of ECS, not {properties.values["ServiceNamespace"]}')
        _, cluster, name = properties.values['ResourceId'].split('/')
        ecs = context.aws('ecs')
        services = ecs.describe_services(cluster=cluster, services=[name])['services']
        if not services or services[0]['status'] != 'ACTIVE':
            raise Failure(f'ECS service doesn\'t exist: {properties.values["ResourceId"]}')
        KEPT[context.arn('application-autoscaling', f'scalable-target/{properties.values["ResourceId"]}')] = context.tags(
            properties.take('Tags')
        )
        context.aws('application-autoscaling').register_scalable_target(
            **properties.given('MinCapacity', 'MaxCapacity', 'ResourceId', 'ScalableDimension', 'ServiceNamespace'),
            **properties.given('RoleARN', 'SuspendedState'),
        )
        for action in properties.take('ScheduledActions', []):
            context.aws('application-autoscaling').put_scheduled_action(
                **{name: properties.values[name] for name in ('ResourceId', 'ScalableDimension', 'ServiceNamespace')},
                **action,
            )


def scheduled_actions_are_due(context: Context) -> None:
    """What all schedules do, when it is time."""
    scaling = context.aws('application-autoscaling')
    for target in scaling.describe_scalable_targets(ServiceNamespace='ecs')['ScalableTargets']:
        if target.get('SuspendedState', {}).get('ScheduledScalingSuspended'):
            continue
        which = {name: target[name] for name in ('ResourceId', 'ScalableDimension', 'ServiceNamespace')}
        for action in scaling.describe_scheduled_actions(**which)['ScheduledActions']:
            scaling.register_scalable_target(**which, **action['ScalableTargetAction'])


@handles('AWS::ApplicationAutoScaling::ScalingPolicy')
class ScalingPolicy(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        return self._put(context, properties)

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._put(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        resource, dimension, namespace = properties['ScalingTargetId'].split('|')
        context.aws('application-autoscaling').delete_scaling_policy(
            PolicyName=properties['PolicyName'],
            ResourceId=resource,
            ScalableDimension=dimension,
            ServiceNamespace=namespace,
        )

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.physical_id, 'Id': context.physical_id}

    def _put(self, context: Context, properties: Properties) -> str:
        resource, dimension, namespace = properties.take('ScalingTargetId').split('|')
        made = context.aws('application-autoscaling').put_scaling_policy(
            ResourceId=resource,
            ScalableDimension=dimension,
            ServiceNamespace=namespace,
            **properties.given(
                'PolicyName', 'PolicyType', 'TargetTrackingScalingPolicyConfiguration', 'StepScalingPolicyConfiguration'
            ),
        )
        return made['PolicyARN']
