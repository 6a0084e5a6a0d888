"""AWS::EC2::VPCEndpoint"""

import json
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Properties, handles

from . import placement
from .network import Tagged, tag_specification

# The services that there are endpoints of, by the last part of their names: in route tables, and as network interfaces.
GATEWAYS = set('dynamodb s3'.split())
INTERFACES = set(
    """
    autoscaling backup cloudformation dynamodb ec2 ec2messages ecr.api ecr.dkr ecs ecs-agent ecs-telemetry
    elasticache elasticfilesystem elasticloadbalancing events kms lambda logs monitoring mq rds s3 secretsmanager sns
    sqs ssm ssmmessages states sts xray
    """.split()
)
LISTS = ('RouteTableIds', 'SubnetIds', 'SecurityGroupIds')
OF_GATEWAYS, OF_INTERFACES = {'RouteTableIds'}, {'SubnetIds', 'SecurityGroupIds', 'PrivateDnsEnabled'}


@handles('AWS::EC2::VPCEndpoint')
class VpcEndpoint(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        settings, vpc = properties.values, properties.take('VpcId')
        kind, policy = properties.take('VpcEndpointType', 'Gateway'), properties.take('PolicyDocument')
        self._check(context, kind, settings)
        groups = properties.take('SecurityGroupIds', [])
        if kind == 'Interface' and not groups:
            groups = [_default_group(context, vpc)]
        made = context.aws('ec2').create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType=kind,
            PrivateDnsEnabled=properties.take('PrivateDnsEnabled', False),
            SecurityGroupIds=groups,
            TagSpecifications=tag_specification(context, 'vpc-endpoint', properties),
            **properties.given('ServiceName', 'RouteTableIds', 'SubnetIds'),
            **({'PolicyDocument': json.dumps(policy)} if policy else {}),
        )
        return made['VpcEndpoint']['VpcEndpointId']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        super().update(context, old, new)
        self._check(context, new.values.get('VpcEndpointType', 'Gateway'), new.values)
        change: dict[str, Any] = {}
        for name in LISTS:
            had, wanted = set(old.get(name, [])), set(new.take(name, []))
            change |= {f'Add{name}': sorted(wanted - had)} if wanted - had else {}
            change |= {f'Remove{name}': sorted(had - wanted)} if had - wanted else {}
        if policy := new.take('PolicyDocument'):
            change['PolicyDocument'] = json.dumps(policy)
        if change:
            context.aws('ec2').modify_vpc_endpoint(VpcEndpointId=context.physical_id, **change)
        # The emulator's API cannot change it.
        kept = get_backend('ec2')[context.account][context.region].vpc_end_points[context.physical_id]
        kept.private_dns_enabled = new.take('PrivateDnsEnabled', False)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_vpc_endpoints(VpcEndpointIds=[context.physical_id])
        # It would be there for ever, as one that is deleted.
        get_backend('ec2')[context.account][context.region].vpc_end_points.pop(context.physical_id, None)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        found = context.aws('ec2').describe_vpc_endpoints(VpcEndpointIds=[context.physical_id])['VpcEndpoints'][0]
        return {
            'Id': context.physical_id,
            'CreationTimestamp': found['CreationTimestamp'].isoformat(),
            'DnsEntries': [f'{each["HostedZoneId"]}:{each["DnsName"]}' for each in found.get('DnsEntries', [])],
            'NetworkInterfaceIds': found.get('NetworkInterfaceIds', []),
        }

    def _check(self, context: Context, kind: str, settings: dict[str, Any]) -> None:
        service, vpc = settings['ServiceName'], settings['VpcId']
        if kind not in ('Gateway', 'Interface'):
            raise Failure(f'VpcEndpointType: the emulator does not know endpoints of the type {kind}')
        name = service.removeprefix(f'com.amazonaws.{context.region}.')
        kinds = [each for each, services in (('Gateway', GATEWAYS), ('Interface', INTERFACES)) if name in services]
        if not kinds:
            raise Failure(f"The Vpc Endpoint Service '{service}' does not exist")
        if kind not in kinds:
            raise Failure(f'Endpoint type ({kind}) does not match available service types ([{", ".join(kinds)}]).')
        wrong = [each for each in sorted(OF_INTERFACES if kind == 'Gateway' else OF_GATEWAYS) if settings.get(each)]
        if wrong:
            raise Failure(f'{wrong[0]}: endpoints of the type {kind} have none.')
        if kind == 'Gateway':
            _check_tables(context, settings)
        else:
            _check_interfaces(context, settings)
        if settings.get('PrivateDnsEnabled'):
            _check_private_dns(context, vpc, service)


def endpoints_of(context: Context, vpc: str) -> list[dict[str, Any]]:
    filters = [{'Name': 'vpc-id', 'Values': [vpc]}]
    found = context.aws('ec2').describe_vpc_endpoints(Filters=filters)['VpcEndpoints']
    return [endpoint for endpoint in found if endpoint['State'] == 'available']


def _check_tables(context: Context, settings: dict[str, Any]) -> None:
    vpc, service, wanted = settings['VpcId'], settings['ServiceName'], settings.get('RouteTableIds', [])
    filters = [{'Name': 'vpc-id', 'Values': [vpc]}]
    there = {table['RouteTableId'] for table in context.aws('ec2').describe_route_tables(Filters=filters)['RouteTables']}
    for table in wanted:
        if table not in there:
            raise Failure(f"The routeTable ID '{table}' does not exist in {vpc}")
    for other in endpoints_of(context, vpc):
        taken = set(wanted) & set(other.get('RouteTableIds', []))
        if other['VpcEndpointId'] != context.physical_id and other['ServiceName'] == service and taken:
            raise Failure(f'route table {sorted(taken)[0]} already has a route to {service}: by {other["VpcEndpointId"]}')


def _check_interfaces(context: Context, settings: dict[str, Any]) -> None:
    subnets = placement.subnets(context, 'SubnetIds', settings.get('SubnetIds', []))
    zones = [subnet['AvailabilityZone'] for subnet in subnets]
    for subnet in subnets:
        if subnet['VpcId'] != settings['VpcId']:
            raise Failure(f'SubnetIds: {subnet["SubnetId"]} is in {subnet["VpcId"]}, not in {settings["VpcId"]}.')
        if zones.count(subnet['AvailabilityZone']) > 1:
            raise Failure(f'Found another VPC endpoint subnet in the availability zone of {subnet["SubnetId"]}')
    placement.security_groups(context, 'SecurityGroupIds', settings.get('SecurityGroupIds', []), settings['VpcId'])


def _check_private_dns(context: Context, vpc: str, service: str) -> None:
    ec2 = context.aws('ec2')
    for name in ('enableDnsSupport', 'enableDnsHostnames'):
        switch = f'{name[0].upper()}{name[1:]}'
        if not ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[switch]['Value']:
            raise Failure(
                'Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true '
                f'for {vpc}'
            )
    for other in endpoints_of(context, vpc):
        is_same = other['ServiceName'] == service and other['VpcEndpointId'] != context.physical_id
        if is_same and other['PrivateDnsEnabled'] and other['VpcEndpointType'] == 'Interface':
            raise Failure(
                f'private-dns-enabled cannot be set because there is already a conflicting DNS domain for {service} in '
                f'the VPC {vpc}: that of {other["VpcEndpointId"]}'
            )


def _default_group(context: Context, vpc: str) -> str:
    filters = [{'Name': 'vpc-id', 'Values': [vpc]}, {'Name': 'group-name', 'Values': ['default']}]
    return context.aws('ec2').describe_security_groups(Filters=filters)['SecurityGroups'][0]['GroupId']
