"""AWS::KMS"""

import json
from typing import Any

from cloudformation.resource import Context, Handler, Properties, handles


@handles('AWS::KMS::Key')
class Key(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        kms = context.aws('kms')
        made = kms.create_key(
            Policy=json.dumps(properties.take('KeyPolicy')),
            Tags=[{'TagKey': tag['Key'], 'TagValue': tag['Value']} for tag in context.tags(properties.take('Tags'))],
            **properties.given('Description', 'KeySpec', 'KeyUsage', 'MultiRegion'),
        )
        if properties.take('EnableKeyRotation'):
            kms.enable_key_rotation(KeyId=made['KeyMetadata']['KeyId'])
        context.learned['window'] = properties.take('PendingWindowInDays')
        return made['KeyMetadata']['KeyId']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        kms, key = context.aws('kms'), context.physical_id
        kms.put_key_policy(KeyId=key, PolicyName='default', Policy=json.dumps(new.take('KeyPolicy')))
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
        name = properties.take('AliasName')
        context.aws('kms').create_alias(AliasName=name, TargetKeyId=properties.take('TargetKeyId'))
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        context.aws('kms').update_alias(AliasName=context.physical_id, TargetKeyId=new.take('TargetKeyId'))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('kms').delete_alias(AliasName=context.physical_id)
