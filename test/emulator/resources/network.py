"""AWS::EC2, of networks"""

from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles


def tag_specification(context: Context, kind: str, properties: Properties) -> list[dict[str, Any]]:
    tags = context.tags(properties.take('Tags'))
    return [{'ResourceType': kind, 'Tags': tags}] if tags else []


class Tagged(Handler):
    """Of which only the tags can be changed."""

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._tag(context, context.physical_id, old, new)

    def _tag(self, context: Context, resource: str, old: dict[str, Any], new: Properties) -> None:
        ec2, tags = context.aws('ec2'), context.tags(new.take('Tags'))
        if gone := [{'Key': tag['Key']} for tag in old.get('Tags', []) if tag['Key'] not in [one['Key'] for one in tags]]:
            ec2.delete_tags(Resources=[resource], Tags=gone)
        if tags:
            ec2.create_tags(Resources=[resource], Tags=tags)


@handles('AWS::EC2::VPC')
class Vpc(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('ec2').create_vpc(
            TagSpecifications=tag_specification(context, 'vpc', properties),
            **properties.given('CidrBlock', 'InstanceTenancy'),
        )
        context.physical_id = made['Vpc']['VpcId']
        self._switch(context, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        super().update(context, old, new)
        self._switch(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_vpc(VpcId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        ec2, of_vpc = context.aws('ec2'), [{'Name': 'vpc-id', 'Values': [context.physical_id]}]
        (vpc,) = ec2.describe_vpcs(VpcIds=[context.physical_id])['Vpcs']
        groups = ec2.describe_security_groups(Filters=of_vpc)['SecurityGroups']
        return {
            'VpcId': context.physical_id,
            'CidrBlock': vpc['CidrBlock'],
            'DefaultSecurityGroup': next(group['GroupId'] for group in groups if group['GroupName'] == 'default'),
        }

    def _switch(self, context: Context, properties: Properties) -> None:
        for attribute in ('EnableDnsSupport', 'EnableDnsHostnames'):
            value = properties.take(attribute)
            if value is not None:
                context.aws('ec2').modify_vpc_attribute(VpcId=context.physical_id, **{attribute: {'Value': value}})


@handles('AWS::EC2::Subnet')
class Subnet(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('ec2').create_subnet(
            TagSpecifications=tag_specification(context, 'subnet', properties),
            **properties.given('VpcId', 'CidrBlock', 'AvailabilityZone'),
        )
        context.physical_id = made['Subnet']['SubnetId']
        self._map_public_ip(context, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        super().update(context, old, new)
        self._map_public_ip(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_subnet(SubnetId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        (subnet,) = context.aws('ec2').describe_subnets(SubnetIds=[context.physical_id])['Subnets']
        return {'SubnetId': context.physical_id} | {
            name: subnet[name] for name in ('AvailabilityZone', 'CidrBlock', 'VpcId')
        }

    def _map_public_ip(self, context: Context, properties: Properties) -> None:
        value = bool(properties.take('MapPublicIpOnLaunch'))
        context.aws('ec2').modify_subnet_attribute(SubnetId=context.physical_id, MapPublicIpOnLaunch={'Value': value})


@handles('AWS::EC2::InternetGateway')
class InternetGateway(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('ec2').create_internet_gateway(
            TagSpecifications=tag_specification(context, 'internet-gateway', properties)
        )
        return made['InternetGateway']['InternetGatewayId']

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_internet_gateway(InternetGatewayId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'InternetGatewayId': context.physical_id}


@handles('AWS::EC2::VPCGatewayAttachment')
class VpcGatewayAttachment(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        context.aws('ec2').attach_internet_gateway(**properties.given('VpcId', 'InternetGatewayId'))
        return attachment_of(properties.values)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').detach_internet_gateway(
            VpcId=properties['VpcId'], InternetGatewayId=properties['InternetGatewayId']
        )


@handles('AWS::EC2::RouteTable')
class RouteTable(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('ec2').create_route_table(
            TagSpecifications=tag_specification(context, 'route-table', properties), **properties.given('VpcId')
        )
        return made['RouteTable']['RouteTableId']

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_route_table(RouteTableId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'RouteTableId': context.physical_id}


@handles('AWS::EC2::SubnetRouteTableAssociation')
class SubnetRouteTableAssociation(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('ec2').associate_route_table(**properties.given('RouteTableId', 'SubnetId'))
        return made['AssociationId']

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').disassociate_route_table(AssociationId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}


@handles('AWS::EC2::Route')
class Route(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        table, destination = properties.take('RouteTableId'), properties.take('DestinationCidrBlock')
        gateway = properties.take('GatewayId')
        if gateway is not None and not is_attached(context, gateway, table):
            raise Failure(f'route table {table} and network gateway {gateway} belong to different networks')
        if gateway is not None:
            context.needs.add(attachment_of(context.aws('ec2').describe_route_tables(RouteTableIds=[table])['RouteTables'][0]))
        context.aws('ec2').create_route(
            RouteTableId=table,
            DestinationCidrBlock=destination,
            **({'GatewayId': gateway} if gateway else {}),
            **properties.given('NatGatewayId'),
        )
        return f'{table}|{destination}'

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        context.aws('ec2').replace_route(
            **new.given('RouteTableId', 'DestinationCidrBlock', 'GatewayId', 'NatGatewayId')
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_route(
            RouteTableId=properties['RouteTableId'], DestinationCidrBlock=properties['DestinationCidrBlock']
        )


def attachment_of(thing: dict[str, Any]) -> str:
    """The physical id of the attachment of an internet gateway to the VPC of a thing."""
    return f'IGW|{thing["VpcId"]}'


def is_attached(context: Context, gateway: str, route_table: str) -> bool:
    """moto accepts a route into nowhere."""
    ec2 = context.aws('ec2')
    (table,) = ec2.describe_route_tables(RouteTableIds=[route_table])['RouteTables']
    (found,) = ec2.describe_internet_gateways(InternetGatewayIds=[gateway])['InternetGateways']
    return table['VpcId'] in [attachment['VpcId'] for attachment in found['Attachments']]


@handles('AWS::EC2::EIP')
class Eip(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('ec2').allocate_address(
            TagSpecifications=tag_specification(context, 'elastic-ip', properties), **properties.given('Domain')
        )
        return made['PublicIp']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._tag(context, self._allocation(context), old, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').release_address(AllocationId=self._allocation(context))

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'AllocationId': self._allocation(context), 'PublicIp': context.physical_id}

    def _allocation(self, context: Context) -> str:
        (address,) = context.aws('ec2').describe_addresses(PublicIps=[context.physical_id])['Addresses']
        return address['AllocationId']


@handles('AWS::EC2::NatGateway')
class NatGateway(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        ec2, subnet = context.aws('ec2'), properties.take('SubnetId')
        (found,) = ec2.describe_subnets(SubnetIds=[subnet])['Subnets']
        if not has_internet_gateway(context, found['VpcId']):
            raise Failure(f'Network {found["VpcId"]} has no Internet gateway attached')
        context.needs.add(attachment_of(found))
        made = ec2.create_nat_gateway(
            SubnetId=subnet,
            TagSpecifications=tag_specification(context, 'natgateway', properties),
            **properties.given('AllocationId', 'ConnectivityType'),
        )
        return made['NatGateway']['NatGatewayId']

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        ec2 = context.aws('ec2')
        ec2.delete_nat_gateway(NatGatewayId=context.physical_id)
        # AWS sets its address free with it; moto leaves them together.
        addresses = [{'Name': 'allocation-id', 'Values': [properties['AllocationId']]}]
        for address in ec2.describe_addresses(Filters=addresses)['Addresses']:
            if 'AssociationId' in address:
                ec2.disassociate_address(AssociationId=address['AssociationId'])

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'NatGatewayId': context.physical_id}


def has_internet_gateway(context: Context, vpc: str) -> bool:
    of_vpc = [{'Name': 'attachment.vpc-id', 'Values': [vpc]}]
    return bool(context.aws('ec2').describe_internet_gateways(Filters=of_vpc)['InternetGateways'])


@handles('AWS::EC2::FlowLog')
class FlowLog(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        group = properties.take('LogGroupName')
        found = context.aws('logs').describe_log_groups(logGroupNamePrefix=group)['logGroups'] if group else []
        if group and group not in [one['logGroupName'] for one in found]:
            raise Failure(f'LogGroup {group} does not exist')
        made = context.aws('ec2').create_flow_logs(
            ResourceIds=[properties.take('ResourceId')],
            TagSpecifications=tag_specification(context, 'vpc-flow-log', properties),
            **({'LogGroupName': group} if group else {}),
            **properties.given(
                'ResourceType',
                'TrafficType',
                'LogDestinationType',
                'LogDestination',
                'DeliverLogsPermissionArn',
                'MaxAggregationInterval',
            ),
        )
        for refused in made['Unsuccessful']:
            raise Failure(refused['Error']['Message'])
        return made['FlowLogIds'][0]

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_flow_logs(FlowLogIds=[context.physical_id])

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}
