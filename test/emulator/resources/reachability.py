"""Who reaches whom: security groups on both sides, and the way out of a subnet."""

import ipaddress
from typing import Any
from urllib.parse import urlparse

from cloudformation.resource import Context

Rules = list[dict[str, Any]]


def unreachable(context: Context, told: str, groups: list[str], subnets: list[dict[str, Any]]) -> list[str]:
    """The data services whose address a task is told and whose security groups do not let it in, as sentences."""
    found = []
    for name, address, port, its, vpc in [*_databases(context), *_caches(context), *_brokers(context)]:
        if address not in told:
            continue
        if vpc not in (None, subnets[0]['VpcId']):
            found.append(f'the tasks cannot reach {name}, which is in another VPC')
        elif not reaches(context, groups, its, port):
            found.append(f'the tasks cannot reach {name}: the security groups let nothing through on TCP port {port}')
    return found


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


def way_out(context: Context, subnet: dict[str, Any], groups: list[str], has_public_ip: bool) -> str | None:
    """Why a task cannot pull its image, if it cannot."""
    ec2, where = context.aws('ec2'), subnet['SubnetId']
    if not any(_covers(rule, 443, [], '0.0.0.0/0') for rule in _rules(context, groups, 'IpPermissionsEgress')):
        return 'its security groups let nothing out on TCP port 443'
    routes = _default_routes(context, subnet)
    nats = [route['NatGatewayId'] for route in routes if 'NatGatewayId' in route]
    if nats:
        (nat,) = ec2.describe_nat_gateways(NatGatewayIds=nats[:1])['NatGateways']
        (home,) = ec2.describe_subnets(SubnetIds=[nat['SubnetId']])['Subnets']
        if any(route.get('GatewayId', '').startswith('igw-') for route in _default_routes(context, home)):
            return None
        return f'{nats[0]}, by which {where} would get out, is in a subnet without a route to the internet'
    if has_public_ip and any(route.get('GatewayId', '').startswith('igw-') for route in routes):
        return None
    of_vpc = [{'Name': 'vpc-id', 'Values': [subnet['VpcId']]}]
    endpoints = ec2.describe_vpc_endpoints(Filters=of_vpc)['VpcEndpoints']
    if any(endpoint['ServiceName'].endswith('.ecr.dkr') for endpoint in endpoints):
        return None
    return f'the subnet {where} has no route to it'


def _default_routes(context: Context, subnet: dict[str, Any]) -> Rules:
    ec2 = context.aws('ec2')

    def tables(name: str, value: str) -> Rules:
        filters = [{'Name': 'vpc-id', 'Values': [subnet['VpcId']]}, {'Name': name, 'Values': [value]}]
        return ec2.describe_route_tables(Filters=filters)['RouteTables']

    # A subnet without a table of its own has the main one.
    found = tables('association.subnet-id', subnet['SubnetId']) or tables('association.main', 'true')
    return [route for table in found for route in table['Routes'] if route.get('DestinationCidrBlock') == '0.0.0.0/0']


def reaches(context: Context, sources: list[str], destinations: list[str], port: int) -> bool:
    """Whether members of these security groups reach members of those."""
    leaves = _rules(context, sources, 'IpPermissionsEgress')
    enters = _rules(context, destinations, 'IpPermissions')
    vpc = _vpc_block(context, destinations)
    return any(_covers(rule, port, destinations, vpc) for rule in leaves) and any(
        _covers(rule, port, sources, vpc) for rule in enters
    )


def _rules(context: Context, groups: list[str], direction: str) -> Rules:
    described = context.aws('ec2').describe_security_groups(GroupIds=groups)['SecurityGroups']
    return [rule for group in described for rule in group[direction]]


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


Service = tuple[str, str, int, list[str], str | None]


def _databases(context: Context) -> list[Service]:
    return [
        (
            f'the database {each["DBInstanceIdentifier"]}',
            each['Endpoint']['Address'],
            each['Endpoint']['Port'],
            [group['VpcSecurityGroupId'] for group in each['VpcSecurityGroups']],
            each.get('DBSubnetGroup', {}).get('VpcId'),
        )
        for each in context.aws('rds').describe_db_instances()['DBInstances']
    ]


def _caches(context: Context) -> list[Service]:
    elasticache = context.aws('elasticache')
    groups = {
        cluster['ReplicationGroupId']: [group['SecurityGroupId'] for group in cluster['SecurityGroups']]
        for cluster in elasticache.describe_cache_clusters()['CacheClusters']
        if 'ReplicationGroupId' in cluster
    }
    return [
        (f'the cache {name}', endpoint['Address'], endpoint['Port'], groups[name], None)
        for each in elasticache.describe_replication_groups()['ReplicationGroups']
        if (name := each['ReplicationGroupId']) in groups
        for endpoint in [each['NodeGroups'][0]['PrimaryEndpoint']]
    ]


def _brokers(context: Context) -> list[Service]:
    mq = context.aws('mq')
    described = [mq.describe_broker(BrokerId=each['BrokerId']) for each in mq.list_brokers()['BrokerSummaries']]
    return [
        (f'the broker {each["BrokerName"]}', url.hostname or '', url.port or 0, each['SecurityGroups'], None)
        for each in described
        for instance in each['BrokerInstances']
        for url in map(urlparse, instance['Endpoints'])
    ]
