"""AWS::KMS"""

import json
from typing import Any

from cloudformation import permissions
from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import key_use
from .tagging import gone


@handles('AWS::KMS::Key')
class Key(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        kms, policy = context.aws('kms'), properties.take('KeyPolicy')
        _check(context, policy)
        made = kms.create_key(
            **({'Policy': json.dumps(policy)} if policy else {}),
            Tags=[{'TagKey': tag['Key'], 'TagValue': tag['Value']} for tag in context.tags(properties.take('Tags'))],
            **properties.given('Description', 'KeySpec', 'KeyUsage', 'MultiRegion'),
        )
        if properties.take('EnableKeyRotation'):
            kms.enable_key_rotation(KeyId=made['KeyMetadata']['KeyId'])
        context.learned['window'] = properties.take('PendingWindowInDays')
        return made['KeyMetadata']['KeyId']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        kms, key, policy, tags = context.aws('kms'), context.physical_id, new.take('KeyPolicy'), new.take('Tags')
        _check(context, policy)
        kms.put_key_policy(KeyId=key, PolicyName='default', Policy=json.dumps(policy))
        kms.untag_resource(KeyId=key, TagKeys=gone(old.get('Tags'), tags))
        kms.tag_resource(KeyId=key, Tags=[{'TagKey': tag['Key'], 'TagValue': tag['Value']} for tag in context.tags(tags)])
        if description := new.take('Description'):
            kms.update_key_description(KeyId=key, Description=description)
        change = kms.enable_key_rotation if new.take('EnableKeyRotation') else kms.disable_key_rotation
        change(KeyId=key)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        window = properties.get('PendingWindowInDays', 30)
        context.aws('kms').schedule_key_deletion(KeyId=context.physical_id, PendingWindowInDays=window)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.arn('kms', f'key/{context.physical_id}'), 'KeyId': context.physical_id}


@handles('AWS::KMS::Alias')
class Alias(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name, key = properties.take('AliasName'), properties.take('TargetKeyId')
        if key.startswith('alias/') or ':alias/' in key:
            raise Failure(f'TargetKeyId: an alias stands for a key, not for another alias: {key}')
        key_use.described(context, key)
        context.aws('kms').create_alias(AliasName=name, TargetKeyId=key)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        context.aws('kms').update_alias(AliasName=context.physical_id, TargetKeyId=new.take('TargetKeyId'))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('kms').delete_alias(AliasName=context.physical_id)


def _check(context: Context, policy: dict[str, Any] | None) -> None:
    """KMS refuses a policy by which nobody could change it any more, and one that names who is not there."""
    if policy is None:
        return
    effects = permissions.decided_for(policy, '', 'kms:PutKeyPolicy', '*', {})
    if not effects & {'Allow', 'Account'}:
        raise Failure('The new key policy will not allow you to update the key policy in the future.')
    roles = {role['Arn'] for page in context.aws('iam').get_paginator('list_roles').paginate() for role in page['Roles']}
    for statement in policy['Statement'] if isinstance(policy['Statement'], list) else [policy['Statement']]:
        principal = statement.get('Principal', {})
        named = principal.get('AWS', []) if isinstance(principal, dict) else []
        for each in named if isinstance(named, list) else [named]:
            if f':iam::{context.account}:role/' in each and each not in roles:
                raise Failure(f'Policy contains a statement with one or more invalid principals: {each}')
