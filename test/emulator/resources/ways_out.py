"""By which way something in a subnet gets to the services of AWS, and to the internet."""

import json
from functools import cached_property
from typing import Any

from cloudformation import permissions
from cloudformation.resource import Context

from .prefix_lists import blocks_of
from .reachability import lets_out, reaches
from .vpc_endpoints import endpoints_of

HTTPS = 443
EVERYWHERE = ['0.0.0.0/0']


class WaysOut:
    """The ways out of a subnet for what has these security groups. Each method says why there is none, if so."""

    def __init__(self, context: Context, subnet: dict[str, Any], groups: list[str], has_public_ip: bool):
        self.context = context
        self.subnet = subnet
        self.groups = groups
        self.has_public_ip = has_public_ip
        # Of each endpoint, once it is known.
        self._problems: dict[str, str | None] = {}

    @cached_property
    def to_internet(self) -> str | None:
        where = self.subnet['SubnetId']
        if not lets_out(self.context, self.groups, HTTPS, EVERYWHERE):
            return 'its security groups let nothing out on TCP port 443'
        nats = [route['NatGatewayId'] for route in self._default_routes if 'NatGatewayId' in route]
        if nats:
            return self._by_nat(nats[0])
        if self.has_public_ip and _to_internet_gateway(self._default_routes):
            return None
        return f'the subnet {where} has no route to it'

    def to_service(self, service: str, action: str, resource: str) -> str | None:
        """To a service of this region, by the last part of the name that its endpoints have."""
        name = f'com.amazonaws.{self.context.region}.{service}'
        for endpoint in [each for each in self._endpoints if each['ServiceName'] == name]:
            if self._leads_by(endpoint):
                self.context.needs.add(endpoint['VpcEndpointId'])
                return self._problem_of(endpoint) or self._refusal(endpoint, service, action, resource)
        if self.to_internet is None:
            return None
        kind = 'gateway endpoint' if service == 's3' else 'endpoint with private DNS'
        return f'{self.to_internet}, and there is no {kind} of {name} in {self.subnet["VpcId"]} instead'

    def _leads_by(self, endpoint: dict[str, Any]) -> bool:
        if endpoint['VpcEndpointType'] == 'Gateway':
            return any(table['RouteTableId'] in endpoint['RouteTableIds'] for table in self._tables)
        # Its address is what the name of the service means in the VPC, whether one gets there or not.
        return endpoint['PrivateDnsEnabled']

    def _problem_of(self, endpoint: dict[str, Any]) -> str | None:
        name = endpoint['VpcEndpointId']
        if name not in self._problems:
            find = self._by_gateway if endpoint['VpcEndpointType'] == 'Gateway' else self._by_interface
            self._problems[name] = find(endpoint)
        return self._problems[name]

    def _refusal(self, endpoint: dict[str, Any], service: str, action: str, resource: str) -> str | None:
        name, account = endpoint['VpcEndpointId'], {'aws:PrincipalAccount': self.context.account}
        # Layers of images are fetched with addresses that ECR has signed: nobody of this account asks for them.
        given = {'aws:SourceVpc': endpoint['VpcId'], 'aws:SourceVpce': name} | ({} if service == 's3' else account)
        if permissions.decided(json.loads(endpoint['PolicyDocument']), action, resource, given) == 'Allow':
            return None
        return f'the policy of {name} does not allow {action} on {resource}'

    @cached_property
    def _endpoints(self) -> list[dict[str, Any]]:
        return endpoints_of(self.context, self.subnet['VpcId'])

    @cached_property
    def _tables(self) -> list[dict[str, Any]]:
        return route_tables(self.context, self.subnet)

    @cached_property
    def _default_routes(self) -> list[dict[str, Any]]:
        return _default_routes(self._tables)

    def _by_nat(self, nat: str) -> str | None:
        ec2, where = self.context.aws('ec2'), self.subnet['SubnetId']
        (gateway,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])['NatGateways']
        (home,) = ec2.describe_subnets(SubnetIds=[gateway['SubnetId']])['Subnets']
        if _to_internet_gateway(_default_routes(route_tables(self.context, home))):
            return None
        return f'{nat}, by which {where} would get out, is in a subnet without a route to the internet'

    def _by_gateway(self, endpoint: dict[str, Any]) -> str | None:
        lists = self.context.aws('ec2').describe_managed_prefix_lists()['PrefixLists']
        ids = [each['PrefixListId'] for each in lists if each['PrefixListName'] == endpoint['ServiceName']]
        blocks = [block for each in ids for block in blocks_of(self.context, each)]
        if lets_out(self.context, self.groups, HTTPS, blocks):
            return None
        return f'its security groups let nothing out to {endpoint["ServiceName"]} on TCP port 443'

    def _by_interface(self, endpoint: dict[str, Any]) -> str | None:
        name, groups = endpoint['VpcEndpointId'], [group['GroupId'] for group in endpoint['Groups']]
        if not endpoint['SubnetIds']:
            return f'{name}, the endpoint of {endpoint["ServiceName"]}, is in no subnet'
        if reaches(self.context, self.groups, groups, HTTPS):
            return None
        return (
            f'{name}, the endpoint of {endpoint["ServiceName"]}, is not reached: the security groups let nothing through '
            'on TCP port 443'
        )


def route_tables(context: Context, subnet: dict[str, Any]) -> list[dict[str, Any]]:
    """The route table of a subnet: the main one, if it has none of its own."""
    ec2 = context.aws('ec2')

    def tables(name: str, value: str) -> list[dict[str, Any]]:
        filters = [{'Name': 'vpc-id', 'Values': [subnet['VpcId']]}, {'Name': name, 'Values': [value]}]
        return ec2.describe_route_tables(Filters=filters)['RouteTables']

    return tables('association.subnet-id', subnet['SubnetId']) or tables('association.main', 'true')


def _default_routes(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [route for table in tables for route in table['Routes'] if route.get('DestinationCidrBlock') == '0.0.0.0/0']


def _to_internet_gateway(routes: list[dict[str, Any]]) -> bool:
    return any(route.get('GatewayId', '').startswith('igw-') for route in routes)
