"""AWS::SSM"""

from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

SETTINGS = ('Type', 'Value', 'Description', 'AllowedPattern', 'Tier')
# How much of a value there can be, in characters.
LARGEST = {'Standard': 4096, 'Advanced': 8192, 'Intelligent-Tiering': 8192}


@handles('AWS::SSM::Parameter')
class Parameter(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name, ssm, settings = properties.take('Name') or context.name(), context.aws('ssm'), properties.given(*SETTINGS)
        _check(settings)
        if ssm.describe_parameters(ParameterFilters=[{'Key': 'Name', 'Values': [name]}])['Parameters']:
            raise Failure(f'The parameter {name} already exists.')
        ssm.put_parameter(Name=name, **properties.given('DataType'), **settings)
        context.physical_id = name
        self._tag(context, {}, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        settings = new.given(*SETTINGS)
        _check(settings)
        context.aws('ssm').put_parameter(Name=context.physical_id, Overwrite=True, **settings)
        self._tag(context, old.get('Tags', {}), new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ssm').delete_parameter(Name=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Type': properties['Type'], 'Value': properties['Value']}

    def _tag(self, context: Context, old: dict[str, str], properties: Properties) -> None:
        ssm, tags = context.aws('ssm'), context.stack_tags | properties.take('Tags', {})
        which = {'ResourceType': 'Parameter', 'ResourceId': context.physical_id}
        if removed := [key for key in old if key not in tags]:
            ssm.remove_tags_from_resource(**which, TagKeys=removed)
        if tags:
            ssm.add_tags_to_resource(**which, Tags=[{'Key': key, 'Value': value} for key, value in tags.items()])


def _check(settings: dict[str, Any]) -> None:
    if not settings['Value']:
        raise Failure('Value: a parameter cannot be empty.')
    largest = LARGEST[settings.get('Tier', 'Standard')]
    if len(settings['Value']) > largest:
        raise Failure(f'Value: a parameter of this tier has at most {largest} characters.')
