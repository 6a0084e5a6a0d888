"""CloudFormation's own schemas of the resource types, as cfn-lint carries them."""

import functools
import json
from typing import Any

import regex
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from jsonschema import Draft7Validator, ValidationError, validators

from .intrinsics import TemplateError, function_of

# Of these there is no schema: they are what their provider says.
CUSTOM = ('Custom::', 'AWS::CloudFormation::CustomResource')


# Of what replaces a resource under conditions, what does so whenever it is given.
REPLACING = {'AWS::RDS::DBInstance': {'DBSnapshotIdentifier'}}


def is_custom(resource_type: str) -> bool:
    return resource_type.startswith(CUSTOM)


@functools.cache
def schema_of(region: str, resource_type: str) -> dict[str, Any]:
    try:
        return PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, resource_type).schema
    except Exception:
        raise TemplateError(f'{resource_type} is not a resource type of CloudFormation in {region}') from None


def check_names(region: str, logical_id: str, resource_type: str, properties: dict[str, Any]) -> None:
    """Refuses names that do not exist and misses those that must be there, also inside of what is not resolved yet."""
    where = f'{logical_id} ({resource_type})'
    if not is_custom(resource_type):
        schema = schema_of(region, resource_type)
        _check_names(properties, schema, schema, where)
    elif 'ServiceToken' not in properties:
        raise TemplateError(f'{where}: ServiceToken must be given')


def _check_names(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str) -> None:
    schema = _follow(schema, root)
    call = function_of(value)
    if call is not None:
        if call[0] == 'Fn::If' and isinstance(call[1], list):
            for branch in call[1][1:]:
                _check_names(branch, schema, root, where)
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            _check_names(item, schema.get('items', {}), root, f'{where}.{index}')
        return
    if not isinstance(value, dict) or 'properties' not in schema:
        return
    for name, member in value.items():
        if name in schema['properties']:
            _check_names(member, schema['properties'][name], root, f'{where}.{name}')
        elif schema.get('additionalProperties', True) is False and 'patternProperties' not in schema:
            raise TemplateError(f'{where}.{name}: there is no such property. There are: {", ".join(schema["properties"])}')
    missing = [name for name in schema.get('required', []) if name not in value]
    if missing:
        raise TemplateError(f'{where}: {", ".join(missing)} must be given')


def has_attribute(region: str, resource_type: str, name: str) -> bool:
    if is_custom(resource_type):
        return True
    return name in _attributes(region, resource_type)


@functools.cache
def _attributes(region: str, resource_type: str) -> Any:
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, resource_type).get_atts


def is_replaced(region: str, resource_type: str, changed: set[str]) -> bool:
    """Whether a change of these properties makes CloudFormation replace the resource."""
    if is_custom(resource_type):
        return 'ServiceToken' in changed
    fixed = {path.split('/')[2] for path in schema_of(region, resource_type).get('createOnlyProperties', [])}
    return bool(changed & (fixed | REPLACING.get(resource_type, set())))


def typed(
    region: str, logical_id: str, resource_type: str, properties: dict[str, Any], secret: set[str]
) -> dict[str, Any]:
    """The resolved properties with the types of the schema, which they must meet. Errors show no `secret` ones."""
    if is_custom(resource_type):
        return properties
    value = coerced(region, resource_type, properties)
    error = next(_validator(region, resource_type).iter_errors(value), None)
    if error is not None:
        path = '.'.join([f'{logical_id} ({resource_type})', *map(str, error.absolute_path)])
        is_shown = error.absolute_path and error.absolute_path[0] not in secret and 'assword' not in path
        shown = f', not {error.instance!r}' if is_shown else ''
        raise TemplateError(f'{path}: {error.validator} {_shorten(error.validator_value)} is demanded{shown}')
    return value


def coerced(region: str, resource_type: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The properties with the scalar types of the schema, where they can be had: templates write "80" and "true"."""
    if is_custom(resource_type):
        return properties
    schema = schema_of(region, resource_type)
    return _coerce(properties, schema, schema)


def _shorten(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 300 else f'{text[:300]}…'


@functools.cache
def _validator(region: str, resource_type: str) -> Draft7Validator:
    keywords = {'pattern': _pattern, 'patternProperties': _pattern_properties}
    return validators.extend(Draft7Validator, keywords)(schema_of(region, resource_type))


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Any:
    """The patterns are Java's, with classes such as \\p{L} that Python's own expressions lack."""
    if isinstance(value, str) and not regex.search(pattern, value):
        yield ValidationError(f'{value!r} does not match {pattern!r}')


def _pattern_properties(validator: Any, patterns: dict[str, Any], value: Any, _: Any) -> Any:
    for pattern, schema in patterns.items():
        for name, member in value.items() if isinstance(value, dict) else ():
            if regex.search(pattern, name):
                yield from validator.descend(member, schema, path=name, schema_path=pattern)


def _follow(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while '$ref' in schema:
        target: Any = root
        for part in schema['$ref'].removeprefix('#/').split('/'):
            target = target[part]
        schema = target
    return schema


def _coerce(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Any:
    schema = _follow(schema, root)
    if isinstance(value, dict):
        members = schema.get('properties', {})
        return {name: _coerce(member, members.get(name, {}), root) for name, member in value.items()}
    if isinstance(value, list):
        return [_coerce(item, schema.get('items', {}), root) for item in value]
    wanted = schema.get('type')
    if wanted == 'string' and isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if wanted == 'boolean' and value in ('true', 'false'):
        return value == 'true'
    if wanted in ('integer', 'number') and isinstance(value, str):
        try:
            return int(value) if value.lstrip('-').isdigit() else float(value)
        except ValueError:
            return value
    return value
