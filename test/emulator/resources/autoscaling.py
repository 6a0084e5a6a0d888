"""AWS::AutoScaling"""

from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import launch_templates, placement

NUMBERS = ('MinSize', 'MaxSize', 'DesiredCapacity', 'HealthCheckGracePeriod')
# Of both the creation and the change of a group.
SETTINGS = (*NUMBERS, 'LaunchTemplate', 'HealthCheckType', 'NewInstancesProtectedFromScaleIn', 'CapacityRebalance')


@handles('AWS::AutoScaling::AutoScalingGroup')
class AutoScalingGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('AutoScalingGroupName') or context.name(255)
        settings = self._settings(context, properties)
        context.aws('autoscaling').create_auto_scaling_group(
            AutoScalingGroupName=name, Tags=_tags(context, name, properties), **settings
        )
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        asg, name = context.aws('autoscaling'), context.physical_id
        asg.update_auto_scaling_group(AutoScalingGroupName=name, **self._settings(context, new))
        tags = _tags(context, name, new)
        kept = {tag['Key'] for tag in tags}
        removed = [_tag(name, tag) for tag in old.get('Tags', []) if tag['Key'] not in kept]
        if removed:
            asg.delete_tags(Tags=removed)
        if tags:
            asg.create_or_update_tags(Tags=tags)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        providers = get_backend('ecs')[context.account][context.region].capacity_providers.values()
        for provider in providers:
            arn = provider.auto_scaling_group_provider['autoScalingGroupArn']
            if arn.split('/')[-1] == context.physical_id:
                raise Failure(f'{context.physical_id} is the Auto Scaling group of the capacity provider {provider.name}.')
        context.aws('autoscaling').delete_auto_scaling_group(AutoScalingGroupName=context.physical_id, ForceDelete=True)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'AutoScalingGroupARN': described(context, context.physical_id)['AutoScalingGroupARN']}

    def _settings(self, context: Context, properties: Properties) -> dict[str, Any]:
        settings = properties.given(*SETTINGS)
        settings |= {name: int(settings[name]) for name in NUMBERS if name in settings}
        lowest, highest = settings['MinSize'], settings['MaxSize']
        wanted = settings.get('DesiredCapacity', lowest)
        if not lowest <= wanted <= highest:
            raise Failure(
                f'Desired capacity:{wanted} must be between the specified min size:{lowest} and max size:{highest}'
            )
        ids = properties.take('VPCZoneIdentifier', [])
        if not ids:
            raise Failure('At least one Availability Zone or VPC Subnet is required.')
        subnets = placement.subnets(context, 'VPCZoneIdentifier', ids)
        if 'LaunchTemplate' not in settings:
            raise Failure(
                'Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or '
                'MixedInstancesPolicy parameter. The emulator knows LaunchTemplate only.'
            )
        data = launch_templates.data_of(context, settings['LaunchTemplate'])
        launch_templates.check(context, data, subnets[0]['VpcId'])
        return settings | {'VPCZoneIdentifier': ','.join(ids)}


@handles('AWS::AutoScaling::LaunchConfiguration')
class LaunchConfiguration(Handler):
    """Accounts made since October 2024 have none."""

    def create(self, context: Context, properties: Properties) -> str:
        raise Failure(
            'The Launch Configuration creation operation is not available in your account. Use launch templates to '
            'create configuration templates for your Auto Scaling groups.'
        )


def described(context: Context, name_or_arn: str) -> dict[str, Any]:
    name = name_or_arn.split('/')[-1]
    found = context.aws('autoscaling').describe_auto_scaling_groups(AutoScalingGroupNames=[name])['AutoScalingGroups']
    if not found:
        raise Failure(f'The Auto Scaling group {name_or_arn} was not found.')
    return found[0]


def _tags(context: Context, group: str, properties: Properties) -> list[dict[str, Any]]:
    own = properties.take('Tags', [])
    # CloudFormation gives the tags of a stack to the instances as well.
    inherited = [{'Key': key, 'Value': value, 'PropagateAtLaunch': True} for key, value in context.stack_tags.items()]
    by_key = {tag['Key']: tag for tag in [*inherited, *own]}
    return [_tag(group, tag) for tag in by_key.values()]


def _tag(group: str, tag: dict[str, Any]) -> dict[str, Any]:
    return {'ResourceId': group, 'ResourceType': 'auto-scaling-group'} | tag
