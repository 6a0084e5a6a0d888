"""Where a resource stands in the network: what it names must be there, and belong together."""

from typing import Any

from botocore.exceptions import ClientError

from cloudformation.resource import Context, Failure


def subnets(context: Context, where: str, ids: list[str]) -> list[dict[str, Any]]:
    """The subnets of these ids, which must be of one VPC. `where` is the property that names them."""
    try:
        found = context.aws('ec2').describe_subnets(SubnetIds=ids)['Subnets']
    except ClientError as error:
        raise Failure(f'{where}: {error.response["Error"]["Message"]}') from None
    if len({subnet['VpcId'] for subnet in found}) > 1:
        raise Failure(f'{where}: the subnets are not all in one VPC: {", ".join(ids)}')
    return found


def security_groups(context: Context, where: str, ids: list[str], vpc: str | None = None) -> list[dict[str, Any]]:
    """The security groups of these ids. They must be of the VPC, if it is said."""
    if not ids:
        return []
    try:
        found = context.aws('ec2').describe_security_groups(GroupIds=ids)['SecurityGroups']
    except ClientError as error:
        raise Failure(f'{where}: {error.response["Error"]["Message"]}') from None
    for group in found:
        if vpc not in (None, group['VpcId']):
            raise Failure(f'{where}: the security group {group["GroupId"]} is in {group["VpcId"]}, not in {vpc}.')
    return found


def zones(found: list[dict[str, Any]]) -> set[str]:
    return {subnet['AvailabilityZone'] for subnet in found}
