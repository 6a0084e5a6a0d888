"""AWS::Logs"""

from typing import Any

from cloudformation.resource import Context, Handler, Properties, handles


@handles('AWS::Logs::LogGroup')
class LogGroup(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('LogGroupName') or context.name(512)
        context.aws('logs').create_log_group(
            logGroupName=name,
            tags={tag['Key']: tag['Value'] for tag in context.tags(properties.take('Tags'))},
            **properties.given(kmsKeyId='KmsKeyId', logGroupClass='LogGroupClass'),
        )
        context.physical_id = name
        self._retain(context, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._retain(context, new)

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
