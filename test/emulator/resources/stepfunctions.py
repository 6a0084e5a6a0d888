"""AWS::StepFunctions"""

from typing import Any

from cloudformation import permissions
from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .tagging import replace


@handles('AWS::StepFunctions::StateMachine')
class StateMachine(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('StateMachineName') or context.name(80)
        settings = self._settings(context, properties)
        tags = [{'key': tag['Key'], 'value': tag['Value']} for tag in context.tags(properties.take('Tags'))]
        kind = properties.take('StateMachineType', 'STANDARD')
        made = context.aws('stepfunctions').create_state_machine(name=name, type=kind, tags=tags, **settings)
        return made['stateMachineArn']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        states, arn = context.aws('stepfunctions'), context.physical_id
        states.update_state_machine(stateMachineArn=arn, **self._settings(context, new))
        replace(
            old.get('Tags'),
            context.tags(new.take('Tags')),
            lambda keys: states.untag_resource(resourceArn=arn, tagKeys=keys),
            lambda tags: states.tag_resource(
                resourceArn=arn, tags=[{'key': tag['Key'], 'value': tag['Value']} for tag in tags]
            ),
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('stepfunctions').delete_state_machine(stateMachineArn=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.physical_id, 'Name': context.physical_id.split(':')[-1]}

    def _settings(self, context: Context, properties: Properties) -> dict[str, Any]:
        role, iam = properties.take('RoleArn'), context.aws('iam')
        if not permissions.trusts(iam, role, 'states.amazonaws.com', context.region):
            raise Failure(f"Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role. ({role})")
        logging = properties.take('LoggingConfiguration')
        if logging and not permissions.allows(iam, role, 'logs:CreateLogDelivery', '*'):
            raise Failure('The state machine IAM Role is not authorized to access the Log Destination')
        return {
            'definition': properties.take('DefinitionString'),
            'roleArn': role,
            **({'loggingConfiguration': _in_api(logging)} if logging else {}),
        }


def _in_api(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_api(item) for item in value]
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _in_api(item) for name, item in value.items()}
    return value
