"""Properties as the API of ECS has them: names with a small letter first, and few that differ in more."""

from typing import Any

from botocore.model import Shape

from cloudformation.resource import Context, Failure, Properties

from .tagging import gone

RENAMED = {'ClusterSettings': 'settings', 'PlacementStrategies': 'placementStrategy'}


def in_api(context: Context, operation: str, properties: Properties) -> dict[str, Any]:
    """The properties as parameters of a call, as far as it has them, with the tags of the stack."""
    shape = context.aws('ecs').meta.service_model.operation_model(operation).input_shape
    members = {name.lower(): name for name in shape.members}
    request = {}
    for name in [name for name in properties.values if name not in properties.taken]:
        member = members.get(RENAMED.get(name, name).lower())
        if member is not None:
            request[member] = _in_api(properties.take(name), shape.members[member], name)
    if 'tags' in members and context.stack_tags:
        own = {tag['key']: tag['value'] for tag in request.get('tags', [])}
        request['tags'] = [{'key': key, 'value': value} for key, value in (context.stack_tags | own).items()]
    return request


def retag(context: Context, arn: str, old: dict[str, Any], new: Properties) -> None:
    ecs, tags = context.aws('ecs'), context.tags(new.take('Tags'))
    if removed := gone(old.get('Tags'), tags):
        ecs.untag_resource(resourceArn=arn, tagKeys=removed)
    if tags:
        ecs.tag_resource(resourceArn=arn, tags=[{'key': tag['Key'], 'value': tag['Value']} for tag in tags])


def _in_api(value: Any, shape: Shape, where: str) -> Any:
    if shape.type_name == 'list':
        return [_in_api(item, shape.member, f'{where}.{index}') for index, item in enumerate(value)]
    if shape.type_name != 'structure':
        return value
    members = {name.lower(): name for name in shape.members}
    unknown = [name for name in value if name.lower() not in members]
    if unknown:
        raise Failure(f'The emulator does not support {where}.{unknown[0]}')
    named = {members[name.lower()]: member for name, member in value.items()}
    return {name: _in_api(member, shape.members[name], f'{where}.{name}') for name, member in named.items()}
