"""Where a resource stands in the network: what it names must be there, and belong together."""

from typing import Any

from cloudformation.resource import Context, Failure


def subnets(context: Context, where: str, ids: list[str]) -> list[dict[str, Any]]:
    """The subnets of these ids, which must be of one VPC. `where` is the property that names them."""
    found = _all(where, ids, 'subnet', context.aws('ec2').describe_subnets()['Subnets'], 'SubnetId')
    if len({subnet['VpcId'] for subnet in found}) > 1:
        raise Failure(f'{where}: the subnets are not all in one VPC: {", ".join(ids)}')
    return found


def security_groups(context: Context, where: str, ids: list[str], vpc: str | None = None) -> list[dict[str, Any]]:
    """The security groups of these ids. They must be of the VPC, if it is said."""
    groups = context.aws('ec2').describe_security_groups()['SecurityGroups']
    found = _all(where, ids, 'security group', groups, 'GroupId')
    for group in found:
        if vpc not in (None, group['VpcId']):
            raise Failure(f'{where}: the security group {group["GroupId"]} is in {group["VpcId"]}, not in {vpc}.')
    return found


def _all(where: str, ids: list[str], kind: str, found: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    # Asked for one that is missing, the emulator names another one in its error.
    by_id = {each[name]: each for each in found}
    for wanted in ids:
        if wanted not in by_id:
            raise Failure(f"{where}: the {kind} '{wanted}' does not exist.")
    return [by_id[wanted] for wanted in ids]


def zones(found: list[dict[str, Any]]) -> set[str]:
    return {subnet['AvailabilityZone'] for subnet in found}
