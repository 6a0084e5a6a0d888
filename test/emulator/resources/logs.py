"""AWS::Logs"""

import json
from typing import Any

from botocore.exceptions import ClientError

from moto.backends import get_backend

from cloudformation import permissions
from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .tagging import gone

# What CloudWatch Logs does with a key, for a log group that it names.
USES = ('kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey')


@handles('AWS::Logs::LogGroup')
class LogGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('LogGroupName') or context.name(512)
        key = properties.take('KmsKeyId')
        if key:
            _check_key(context, key, name)
        context.aws('logs').create_log_group(
            logGroupName=name,
            tags={tag['Key']: tag['Value'] for tag in context.tags(properties.take('Tags'))},
            **({'kmsKeyId': key} if key else {}),
            **properties.given(logGroupClass='LogGroupClass'),
        )
        context.physical_id = name
        self._retain(context, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._retain(context, new)
        logs, key, tags = context.aws('logs'), new.take('KmsKeyId'), new.take('Tags')
        if key != old.get('KmsKeyId'):
            if key:
                _check_key(context, key, context.physical_id)
            # The emulator has no AssociateKmsKey.
            get_backend('logs')[context.account][context.region].groups[context.physical_id].kms_key_id = key
        arn = context.arn('logs', f'log-group:{context.physical_id}')
        if removed := gone(old.get('Tags'), tags):
            logs.untag_resource(resourceArn=arn, tagKeys=removed)
        if wanted := context.tags(tags):
            logs.tag_resource(resourceArn=arn, tags={tag['Key']: tag['Value'] for tag in wanted})

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('logs').delete_log_group(logGroupName=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.arn('logs', f'log-group:{context.physical_id}:*')}

    def _retain(self, context: Context, properties: Properties) -> None:
        logs, days = context.aws('logs'), properties.take('RetentionInDays')
        if days is None:
            logs.delete_retention_policy(logGroupName=context.physical_id)
        else:
            logs.put_retention_policy(logGroupName=context.physical_id, retentionInDays=days)


@handles('AWS::Logs::MetricFilter')
class MetricFilter(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        context.physical_id = properties.take('FilterName') or context.name(512)
        self.update(context, {}, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        context.aws('logs').put_metric_filter(
            filterName=context.physical_id,
            logGroupName=new.take('LogGroupName'),
            filterPattern=new.take('FilterPattern'),
            metricTransformations=[
                {name[0].lower() + name[1:]: value for name, value in each.items()}
                for each in new.take('MetricTransformations')
            ],
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('logs').delete_metric_filter(
            filterName=context.physical_id, logGroupName=properties['LogGroupName']
        )


def _check_key(context: Context, key: str, group: str) -> None:
    """Logs are encrypted by CloudWatch Logs itself, so the policy of the key must let it, for this log group."""
    arn = context.arn('logs', f'log-group:{group}')
    refused = f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
    if not key.startswith('arn:') or ':key/' not in key:
        raise Failure(f'KmsKeyId: {key} must be the ARN of a key.')
    kms = context.aws('kms')
    try:
        found = kms.describe_key(KeyId=key)['KeyMetadata']
        policy = json.loads(kms.get_key_policy(KeyId=found['KeyId'], PolicyName='default')['Policy'])
    except ClientError:
        raise Failure(refused) from None
    service = f'logs.{context.region}.amazonaws.com'
    given = {'kms:EncryptionContext:aws:logs:arn': arn, 'aws:SourceAccount': context.account, 'aws:SourceArn': arn}
    for action in USES:
        if found['KeyState'] != 'Enabled' or not permissions.admits_service(policy, service, action, key, given):
            raise Failure(f'{refused}: its policy does not let {service} do {action}.')
