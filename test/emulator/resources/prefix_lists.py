"""AWS::EC2::PrefixList"""

import ipaddress
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Properties, handles

from .network import Tagged, tag_specification

VERSIONS = {'IPv4': 4, 'IPv6': 6}


@handles('AWS::EC2::PrefixList')
class PrefixList(Tagged):
    def create(self, context: Context, properties: Properties) -> str:
        self._check(properties.values)
        made = context.aws('ec2').create_managed_prefix_list(
            TagSpecifications=tag_specification(context, 'prefix-list', properties),
            **properties.given('PrefixListName', 'AddressFamily', 'MaxEntries', 'Entries'),
        )
        return made['PrefixList']['PrefixListId']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        super().update(context, old, new)
        self._check(new.values)
        if new.take('AddressFamily') != old['AddressFamily']:
            raise Failure('AddressFamily: that of a prefix list cannot be changed.')
        had = {entry['Cidr']: entry for entry in old.get('Entries', [])}
        wanted = {entry['Cidr']: entry for entry in new.take('Entries', [])}
        changed = {block for block in {*had, *wanted} if had.get(block) != wanted.get(block)}
        context.aws('ec2').modify_managed_prefix_list(
            PrefixListId=context.physical_id,
            PrefixListName=new.take('PrefixListName'),
            AddEntries=[wanted[block] for block in sorted(changed & set(wanted))],
            RemoveEntries=[{'Cidr': block} for block in sorted(changed & set(had))],
        )
        # The emulator's API cannot change it.
        backend = get_backend('ec2')[context.account][context.region]
        backend.managed_prefix_lists[context.physical_id].max_entries = new.take('MaxEntries')

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        ec2 = context.aws('ec2')
        for group in ec2.describe_security_groups()['SecurityGroups']:
            for rule in [*group['IpPermissions'], *group['IpPermissionsEgress']]:
                if context.physical_id in [each['PrefixListId'] for each in rule.get('PrefixListIds', [])]:
                    raise Failure(f'The prefix list {context.physical_id} is referenced by {group["GroupId"]}.')
        ec2.delete_managed_prefix_list(PrefixListId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        ec2, ids = context.aws('ec2'), [context.physical_id]
        (found,) = ec2.describe_managed_prefix_lists(PrefixListIds=ids)['PrefixLists']
        return {
            'PrefixListId': context.physical_id,
            'Arn': found['PrefixListArn'],
            'OwnerId': found['OwnerId'],
            'Version': found['Version'],
        }

    def _check(self, settings: dict[str, Any]) -> None:
        name, family = settings['PrefixListName'], settings['AddressFamily']
        if name.startswith('com.amazonaws'):
            raise Failure(f'PrefixListName: {name} is a name that AWS keeps for itself.')
        blocks = [entry['Cidr'] for entry in settings.get('Entries', [])]
        if 'MaxEntries' not in settings:
            raise Failure('MaxEntries must be given.')
        if len(blocks) > settings['MaxEntries']:
            raise Failure("You've reached the maximum number of entries for the prefix list.")
        for block in blocks:
            try:
                is_right = ipaddress.ip_network(block).version == VERSIONS[family]
            except ValueError:
                is_right = False
            if not is_right or blocks.count(block) > 1:
                raise Failure(f'Entries: {block} must be an {family} range in CIDR notation, and there only once.')


def blocks_of(context: Context, prefix_list: str) -> list[str]:
    """The IPv4 ranges of a prefix list, whether AWS keeps it or somebody else."""
    entries = context.aws('ec2').get_managed_prefix_list_entries(PrefixListId=prefix_list)['Entries']
    return [entry['Cidr'] for entry in entries if ':' not in entry['Cidr']]


def must_exist(context: Context, prefix_list: str) -> None:
    """The emulator takes any id."""
    found = context.aws('ec2').describe_managed_prefix_lists(PrefixListIds=[prefix_list])['PrefixLists']
    if not found or found[0]['State'].startswith('delete'):
        raise Failure(f"The prefix list ID '{prefix_list}' does not exist")
