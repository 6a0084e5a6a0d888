"""AWS::SSM"""

from typing import Any

from cloudformation.resource import Context, Handler, Properties, handles


@handles('AWS::SSM::Parameter')
class Parameter(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('Name') or context.name()
        context.aws('ssm').put_parameter(
            Name=name, **properties.given('Type', 'Value', 'Description', 'AllowedPattern', 'Tier', 'DataType')
        )
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        context.aws('ssm').put_parameter(
            Name=context.physical_id, Overwrite=True, **new.given('Type', 'Value', 'Description', 'AllowedPattern', 'Tier')
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ssm').delete_parameter(Name=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Type': properties['Type'], 'Value': properties['Value']}
