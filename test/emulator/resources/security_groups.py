"""AWS::EC2, of security groups"""

from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .network import Tagged, tag_specification
from .prefix_lists import must_exist

PEERS = ('CidrIp', 'CidrIpv6', 'DestinationPrefixListId', 'DestinationSecurityGroupId', 'SourcePrefixListId', 'SourceSecurityGroupId')


@handles('AWS::EC2::SecurityGroup')
class SecurityGroup(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        ec2 = context.aws('ec2')
        made = ec2.create_security_group(
            GroupName=properties.take('GroupName') or context.name(255),
            TagSpecifications=tag_specification(context, 'security-group', properties),
            **properties.given('VpcId', Description='GroupDescription'),
        )
        group = context.physical_id = made['GroupId']
        egress = properties.take('SecurityGroupEgress')
        if egress is not None:
            close(context, group)
        self._allow(context, properties.take('SecurityGroupIngress', []), egress or [])
        return group

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        ec2, group = context.aws('ec2'), context.physical_id
        self._tag(context, group, old, new)
        ingress, egress = new.take('SecurityGroupIngress', []), new.take('SecurityGroupEgress', [])
        if 'SecurityGroupEgress' in new and 'SecurityGroupEgress' not in old:
            close(context, group)
        for rule in [one for one in old.get('SecurityGroupIngress', []) if one not in ingress]:
            ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission(rule)])
        for rule in [one for one in old.get('SecurityGroupEgress', []) if one not in egress]:
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[permission(rule)])
        self._allow(
            context,
            [rule for rule in ingress if rule not in old.get('SecurityGroupIngress', [])],
            [rule for rule in egress if rule not in old.get('SecurityGroupEgress', [])],
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_security_group(GroupId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'GroupId': context.physical_id, 'Id': context.physical_id, 'VpcId': properties.get('VpcId')}

    def _allow(self, context: Context, ingress: list[dict[str, Any]], egress: list[dict[str, Any]]) -> None:
        ec2, group = context.aws('ec2'), context.physical_id
        _check(context, [*ingress, *egress])
        for rule in ingress:
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(rule)])
        for rule in egress:
            ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[permission(rule)])


class Rule(Handler):
    """A rule by itself; its physical id is that of the rule."""

    direction: str

    def create(self, context: Context, properties: Properties) -> str:
        group = properties.take('GroupId')
        for name in PEERS:
            properties.take(name)
        for name in ('IpProtocol', 'FromPort', 'ToPort', 'Description'):
            properties.take(name)
        _check(context, [properties.values])
        authorize = getattr(context.aws('ec2'), f'authorize_security_group_{self.direction}')
        made = authorize(GroupId=group, IpPermissions=[permission(properties.values)])
        return made['SecurityGroupRules'][0]['SecurityGroupRuleId']

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        revoke = getattr(context.aws('ec2'), f'revoke_security_group_{self.direction}')
        revoke(GroupId=properties['GroupId'], IpPermissions=[permission(properties)])

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}


@handles('AWS::EC2::SecurityGroupIngress')
class SecurityGroupIngress(Rule):
    direction = 'ingress'


@handles('AWS::EC2::SecurityGroupEgress')
class SecurityGroupEgress(Rule):
    direction = 'egress'

    def create(self, context: Context, properties: Properties) -> str:
        close(context, properties.values['GroupId'])
        return super().create(context, properties)


def close(context: Context, group: str) -> None:
    """Rules of one's own are instead of the one that EC2 makes, which lets everything out and has no description."""
    ec2 = context.aws('ec2')
    rules = ec2.describe_security_group_rules(Filters=[{'Name': 'group-id', 'Values': [group]}])['SecurityGroupRules']
    implicit = [
        rule['SecurityGroupRuleId']
        for rule in rules
        if rule['IsEgress'] and rule.get('CidrIpv4') == '0.0.0.0/0' and not rule.get('Description')
    ]
    if implicit:
        ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=implicit)


def _check(context: Context, rules: list[dict[str, Any]]) -> None:
    for prefix_list in [rule[peer] for rule in rules for peer in PEERS if peer in rule and peer.endswith('PrefixListId')]:
        must_exist(context, prefix_list)


def permission(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of CloudFormation's as the API has it."""
    description = {'Description': rule['Description']} if rule.get('Description') else {}
    made = {name: rule[name] for name in ('IpProtocol', 'FromPort', 'ToPort') if name in rule}
    given = [name for name in PEERS if name in rule]
    if len(given) != 1:
        raise Failure(f'A rule has one peer, not {", ".join(given) or "none"}')
    (peer,) = given
    value = rule[peer]
    if peer == 'CidrIp':
        return made | {'IpRanges': [{'CidrIp': value} | description]}
    if peer == 'CidrIpv6':
        return made | {'Ipv6Ranges': [{'CidrIpv6': value} | description]}
    if peer.endswith('PrefixListId'):
        return made | {'PrefixListIds': [{'PrefixListId': value} | description]}
    return made | {'UserIdGroupPairs': [{'GroupId': value} | description]}
