"""AWS::ElasticLoadBalancingV2, of listeners and their rules"""

import contextlib
import ipaddress
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .load_balancing import retag

# Of all conditions of a rule together.
MOST_VALUES = 5
# Exactly one of these ends a rule.
FINAL = ('fixed-response', 'forward', 'redirect')
ONCE = ('host-header', 'path-pattern', 'http-request-method', 'source-ip')


@handles('AWS::ElasticLoadBalancingV2::Listener')
class Listener(Handler):
    SETTINGS = ('Port', 'Protocol', 'SslPolicy', 'Certificates', 'DefaultActions', 'AlpnPolicy')

    def create(self, context: Context, properties: Properties) -> str:
        self._check(context, properties.values['LoadBalancerArn'], properties.values)
        made = context.aws('elbv2').create_listener(
            **context.tagged(properties), **properties.given('LoadBalancerArn', *self.SETTINGS)
        )
        settle_target_groups(context)
        return made['Listeners'][0]['ListenerArn']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._check(context, old['LoadBalancerArn'], new.values)
        context.aws('elbv2').modify_listener(ListenerArn=context.physical_id, **new.given(*self.SETTINGS))
        retag(context, old, new)
        settle_target_groups(context)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('elbv2').delete_listener(ListenerArn=context.physical_id)
        settle_target_groups(context)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'ListenerArn': context.physical_id}

    def _check(self, context: Context, balancer: str, settings: dict[str, Any]) -> None:
        for listener in context.aws('elbv2').describe_listeners(LoadBalancerArn=balancer)['Listeners']:
            if listener['Port'] == settings.get('Port') and listener['ListenerArn'] != context.physical_id:
                raise Failure(f"A listener already exists on this port for this load balancer '{balancer}'")
        _check_actions(context, balancer, settings.get('Protocol'), settings['DefaultActions'])


@handles('AWS::ElasticLoadBalancingV2::ListenerRule')
class ListenerRule(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        self._check(context, properties.values)
        _check_priority(context, properties.values['ListenerArn'], properties.values['Priority'])
        made = context.aws('elbv2').create_rule(
            **context.tagged(properties), **properties.given('ListenerArn', 'Conditions', 'Priority', 'Actions')
        )
        settle_target_groups(context)
        return made['Rules'][0]['RuleArn']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        elb, arn, priority = context.aws('elbv2'), context.physical_id, new.take('Priority')
        self._check(context, new.values)
        if priority != old['Priority']:
            _check_priority(context, old['ListenerArn'], priority)
            elb.set_rule_priorities(RulePriorities=[{'RuleArn': arn, 'Priority': priority}])
        elb.modify_rule(RuleArn=arn, **new.given('Conditions', 'Actions'))
        retag(context, old, new)
        settle_target_groups(context)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('elbv2').delete_rule(RuleArn=context.physical_id)
        settle_target_groups(context)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'RuleArn': context.physical_id, 'IsDefault': False}

    def _check(self, context: Context, rule: dict[str, Any]) -> None:
        listener = _listener(context, rule['ListenerArn'])
        _check_conditions(rule['Conditions'])
        _check_actions(context, listener['LoadBalancerArn'], listener['Protocol'], rule['Actions'])


@handles('AWS::ElasticLoadBalancingV2::ListenerCertificate')
class ListenerCertificate(Handler):
    # It has the ARN of the listener.
    is_reference = False

    def create(self, context: Context, properties: Properties) -> str:
        listener, certificates = properties.take('ListenerArn'), properties.take('Certificates')
        _listener(context, listener)
        context.aws('elbv2').add_listener_certificates(ListenerArn=listener, Certificates=certificates)
        return listener

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self.delete(context, old)
        self.create(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        elb = context.aws('elbv2')
        with contextlib.suppress(elb.exceptions.ListenerNotFoundException):
            elb.remove_listener_certificates(
                ListenerArn=properties['ListenerArn'], Certificates=properties['Certificates']
            )

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}


def settle_target_groups(context: Context) -> None:
    """The emulator remembers each load balancer that ever had a target group; here it is those that have it now."""
    backend = get_backend('elbv2')[context.account][context.region]
    users: dict[str, set[str]] = {arn: set() for arn in backend.target_groups}
    for arn, balancer in backend.load_balancers.items():
        rules = [rule for listener in balancer.listeners.values() for rule in listener.rules.values()]
        for group in [group for rule in rules for action in rule.actions for group in _groups_of(action.data)]:
            users[group].add(arn)
    for arn, group in backend.target_groups.items():
        group.load_balancer_arns = sorted(users[arn])


def _groups_of(action: dict[str, Any]) -> list[str]:
    named = [action['TargetGroupArn']] if 'TargetGroupArn' in action else []
    listed = [group['TargetGroupArn'] for group in action.get('ForwardConfig', {}).get('TargetGroups', [])]
    return sorted({*named, *listed})


def _check_actions(context: Context, balancer: str, protocol: str | None, actions: list[dict[str, Any]]) -> None:
    """What load balancers refuse and the emulator does not."""
    if len([action for action in actions if action['Type'] in FINAL]) != 1:
        raise Failure(f'Exactly one of the actions must be one of {", ".join(FINAL)}.')
    for action in actions:
        if action['Type'].startswith('authenticate') and protocol != 'HTTPS':
            raise Failure(f"Actions of type '{action['Type']}' are supported only on HTTPS listeners")
        for group in _groups_of(action):
            _check_group(context, balancer, group)


def _check_group(context: Context, balancer_arn: str, group_arn: str) -> None:
    elb = context.aws('elbv2')
    try:
        (group,) = elb.describe_target_groups(TargetGroupArns=[group_arn])['TargetGroups']
    except elb.exceptions.TargetGroupNotFoundException:
        raise Failure(f"Target groups '{group_arn}' not found") from None
    (balancer,) = elb.describe_load_balancers(LoadBalancerArns=[balancer_arn])['LoadBalancers']
    if group.get('VpcId') not in (None, balancer['VpcId']):
        where = f'{group["VpcId"]}, and the load balancer in {balancer["VpcId"]}'
        raise Failure(f'The target group {group_arn} is in another VPC than the load balancer: it is in {where}')
    if set(group.get('LoadBalancerArns', [])) - {balancer_arn}:
        raise Failure(f'The following target groups cannot be associated with more than one load balancer: {group_arn}')


def _listener(context: Context, arn: str) -> dict[str, Any]:
    elb = context.aws('elbv2')
    try:
        return elb.describe_listeners(ListenerArns=[arn])['Listeners'][0]
    except elb.exceptions.ListenerNotFoundException:
        raise Failure(f"One or more listeners not found: '{arn}'") from None


def _check_priority(context: Context, listener: str, priority: int) -> None:
    rules = context.aws('elbv2').describe_rules(ListenerArn=listener)['Rules']
    if str(priority) in [rule['Priority'] for rule in rules]:
        raise Failure(f"Priority '{priority}' is currently in use")


def _check_conditions(conditions: list[dict[str, Any]]) -> None:
    values = [value for condition in conditions for value in _values(condition)]
    if not values:
        raise Failure('A condition must be specified')
    if len(values) > MOST_VALUES:
        raise Failure(f"A rule can only have '{MOST_VALUES}' condition values")
    fields = [condition.get('Field') for condition in conditions]
    for field in ONCE:
        if fields.count(field) > 1:
            raise Failure(f"A rule can have only one condition of the type '{field}'")
    for block in [block for condition in conditions for block in condition.get('SourceIpConfig', {}).get('Values', [])]:
        try:
            ipaddress.ip_network(block)
        except ValueError:
            raise Failure(f"The 'source-ip' value '{block}' is no CIDR block") from None


def _values(condition: dict[str, Any]) -> list[Any]:
    configured = [config for name, config in condition.items() if name.endswith('Config')]
    return [*condition.get('Values', []), *(value for config in configured for value in config.get('Values', []))]
