"""Who reaches whom, by the security groups on both sides."""

import ipaddress
from typing import Any

from cloudformation.resource import Context

from .prefix_lists import blocks_of

Rules = list[dict[str, Any]]


def cut_off(context: Context, targets: list[dict[str, Any]], groups: list[str]) -> list[str]:
    """The load balancers whose security groups do not reach the tasks, as sentences."""
    elb = context.aws('elbv2')
    found = []
    for target in targets:
        (group,) = elb.describe_target_groups(TargetGroupArns=[target['targetGroupArn']])['TargetGroups']
        for balancer in elb.describe_load_balancers(LoadBalancerArns=group['LoadBalancerArns'])['LoadBalancers']:
            port = target['containerPort']
            if not reaches(context, balancer['SecurityGroups'], groups, port):
                name = balancer['LoadBalancerName']
                found.append(f'{name} cannot reach the tasks: the security groups let nothing through on TCP port {port}')
    return found


def lets_out(context: Context, groups: list[str], port: int, blocks: list[str]) -> bool:
    """Whether members of these security groups reach all addresses of these blocks."""
    leaves = _rules(context, groups, 'IpPermissionsEgress')
    return all(any(_covers(rule, port, [], block) for rule in leaves) for block in blocks)


def reaches(context: Context, sources: list[str], destinations: list[str], port: int) -> bool:
    """Whether members of these security groups reach members of those."""
    leaves = _rules(context, sources, 'IpPermissionsEgress')
    enters = _rules(context, destinations, 'IpPermissions')
    vpc = _vpc_block(context, destinations)
    return any(_covers(rule, port, destinations, vpc) for rule in leaves) and any(
        _covers(rule, port, sources, vpc) for rule in enters
    )


def _rules(context: Context, groups: list[str], direction: str) -> Rules:
    """The rules of these groups in one direction, with the address ranges of their prefix lists among the others."""
    described = context.aws('ec2').describe_security_groups(GroupIds=groups)['SecurityGroups']
    found = [rule for group in described for rule in group[direction]]
    for rule in found:
        listed = [block for each in rule['PrefixListIds'] for block in blocks_of(context, each['PrefixListId'])]
        rule['IpRanges'] += [{'CidrIp': block} for block in listed]
    return found


def _vpc_block(context: Context, groups: list[str]) -> str:
    ec2 = context.aws('ec2')
    group = ec2.describe_security_groups(GroupIds=groups[:1])['SecurityGroups'][0]
    return ec2.describe_vpcs(VpcIds=[group['VpcId']])['Vpcs'][0]['CidrBlock']


def _covers(rule: dict[str, Any], port: int, peers: list[str], block: str) -> bool:
    """Whether a rule is about TCP on a port, and about these groups or all addresses of a block."""
    if rule['IpProtocol'] != '-1':
        if rule['IpProtocol'] not in ('tcp', '6') or not rule['FromPort'] <= port <= rule['ToPort']:
            return False
    wanted = ipaddress.ip_network(block)
    by_address = any(wanted.subnet_of(ipaddress.ip_network(each['CidrIp'])) for each in rule['IpRanges'])
    return by_address or any(pair['GroupId'] in peers for pair in rule['UserIdGroupPairs'])
