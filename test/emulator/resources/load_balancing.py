"""AWS::ElasticLoadBalancingV2, of load balancers and target groups"""

from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .tagging import gone


@handles('AWS::ElasticLoadBalancingV2::LoadBalancer')
class LoadBalancer(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        subnets = properties.take('Subnets')
        found = context.aws('ec2').describe_subnets(SubnetIds=subnets)['Subnets']
        if len({subnet['AvailabilityZone'] for subnet in found}) < 2:
            raise Failure('At least two subnets in two different Availability Zones must be specified')
        made = context.aws('elbv2').create_load_balancer(
            Name=properties.take('Name') or short_name(context),
            Subnets=subnets,
            **context.tagged(properties),
            **properties.given('Scheme', 'SecurityGroups', 'Type', 'IpAddressType'),
        )
        context.physical_id = made['LoadBalancers'][0]['LoadBalancerArn']
        self._set(context, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        elb, arn = context.aws('elbv2'), context.physical_id
        elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=new.take('SecurityGroups', []))
        elb.set_subnets(LoadBalancerArn=arn, Subnets=new.take('Subnets'))
        retag(context, old, new)
        self._set(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('elbv2').delete_load_balancer(LoadBalancerArn=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        described = context.aws('elbv2').describe_load_balancers(LoadBalancerArns=[context.physical_id])
        (balancer,) = described['LoadBalancers']
        return {
            'LoadBalancerArn': context.physical_id,
            'DNSName': balancer['DNSName'],
            'CanonicalHostedZoneID': balancer['CanonicalHostedZoneId'],
            'LoadBalancerFullName': context.physical_id.split(':loadbalancer/')[1],
            'LoadBalancerName': balancer['LoadBalancerName'],
            'SecurityGroups': balancer.get('SecurityGroups', []),
        }

    def _set(self, context: Context, properties: Properties) -> None:
        if attributes := properties.take('LoadBalancerAttributes'):
            context.aws('elbv2').modify_load_balancer_attributes(
                LoadBalancerArn=context.physical_id, Attributes=attributes
            )


@handles('AWS::ElasticLoadBalancingV2::TargetGroup')
class TargetGroup(Handler):
    SETTINGS = (
        'HealthCheckEnabled',
        'HealthCheckIntervalSeconds',
        'HealthCheckPath',
        'HealthCheckPort',
        'HealthCheckProtocol',
        'HealthCheckTimeoutSeconds',
        'HealthyThresholdCount',
        'Matcher',
        'UnhealthyThresholdCount',
    )

    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('elbv2').create_target_group(
            Name=properties.take('Name') or short_name(context),
            **context.tagged(properties),
            **properties.given('Port', 'Protocol', 'ProtocolVersion', 'TargetType', 'VpcId', *self.SETTINGS),
        )
        context.physical_id = made['TargetGroups'][0]['TargetGroupArn']
        self._set(context, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        elb = context.aws('elbv2')
        elb.modify_target_group(TargetGroupArn=context.physical_id, **new.given(*self.SETTINGS))
        retag(context, old, new)
        self._set(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('elbv2').delete_target_group(TargetGroupArn=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        described = context.aws('elbv2').describe_target_groups(TargetGroupArns=[context.physical_id])
        (group,) = described['TargetGroups']
        return {
            'TargetGroupArn': context.physical_id,
            'TargetGroupFullName': context.physical_id.split(':')[-1],
            'TargetGroupName': group['TargetGroupName'],
            'LoadBalancerArns': group.get('LoadBalancerArns', []),
        }

    def _set(self, context: Context, properties: Properties) -> None:
        if attributes := properties.take('TargetGroupAttributes'):
            context.aws('elbv2').modify_target_group_attributes(
                TargetGroupArn=context.physical_id, Attributes=attributes
            )


def retag(context: Context, old: dict[str, Any], new: Properties) -> None:
    elb, arn, tagged = context.aws('elbv2'), [context.physical_id], context.tagged(new)
    if gone_keys := gone(old.get('Tags'), tagged.get('Tags')):
        elb.remove_tags(ResourceArns=arn, TagKeys=gone_keys)
    if tagged:
        elb.add_tags(ResourceArns=arn, **tagged)


def short_name(context: Context) -> str:
    """Names here have 32 characters at most."""
    return f'{context.stack_name[:6].rstrip("-")}-{context.logical_id[:6]}-{context.name(64)[-12:]}'
