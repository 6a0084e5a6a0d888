"""A template, read and checked before anything is made of it."""

import json
from typing import Any

import yaml

from . import graph, schemas
from .intrinsics import TemplateError, function_of, references, split_attribute
from .resource import HANDLERS

SECTIONS = {
    'AWSTemplateFormatVersion',
    'Conditions',
    'Description',
    'Mappings',
    'Metadata',
    'Outputs',
    'Parameters',
    'Resources',
    'Rules',
}
RESOURCE_KEYS = {
    'Condition',
    'CreationPolicy',
    'DeletionPolicy',
    'DependsOn',
    'Metadata',
    'Properties',
    'Type',
    'UpdatePolicy',
    'UpdateReplacePolicy',
}
POLICIES = {'Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'}
PSEUDO_PARAMETERS = {
    'AWS::AccountId',
    'AWS::NoValue',
    'AWS::NotificationARNs',
    'AWS::Partition',
    'AWS::Region',
    'AWS::StackId',
    'AWS::StackName',
    'AWS::URLSuffix',
}


class _Loader(yaml.SafeLoader):
    """YAML without dates: the version of a policy is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != 'tag:yaml.org,2002:timestamp']
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Template:
    def __init__(self, text: str, region: str):
        self.text = text
        self.region = region
        try:
            body = json.loads(text) if text.lstrip().startswith('{') else yaml.load(text, _Loader)
        except (ValueError, yaml.YAMLError) as error:
            raise TemplateError(f'The template is neither JSON nor YAML: {error}') from None
        if not isinstance(body, dict) or not body.get('Resources'):
            raise TemplateError('At least one resource must be in the section Resources')
        _check_keys('The template', body, SECTIONS)
        for section in SECTIONS - {'AWSTemplateFormatVersion', 'Description'}:
            if not isinstance(body.get(section, {}), dict):
                raise TemplateError(f'{section} must be an object')
        self.resources: dict[str, Any] = body['Resources']
        self.parameters: dict[str, Any] = body.get('Parameters', {})
        self.mappings: dict[str, Any] = body.get('Mappings', {})
        self.conditions: dict[str, Any] = body.get('Conditions', {})
        self.rules: dict[str, Any] = body.get('Rules', {})
        self.outputs: dict[str, Any] = body.get('Outputs', {})
        self.description: str | None = body.get('Description')
        for logical_id, resource in self.resources.items():
            self._check_resource(logical_id, resource)
        for name, output in self.outputs.items():
            _check_output(name, output)
        self._check_references(self.outputs)
        self._check_conditions()
        # The order throws when there is a circle.
        graph.creation_order(graph.dependencies(self.resources), self.resources)

    def _check_resource(self, logical_id: str, resource: Any) -> None:
        if not isinstance(resource, dict) or not isinstance(resource.get('Type'), str):
            raise TemplateError(f'{logical_id}: a resource has a Type')
        resource_type = resource['Type']
        _check_keys(f'{logical_id} ({resource_type})', resource, RESOURCE_KEYS)
        if resource_type not in HANDLERS and not schemas.is_custom(resource_type):
            schemas.schema_of(self.region, resource_type)
            raise TemplateError(f'{logical_id}: the emulator does not support {resource_type}. Add it to resources/')
        if not isinstance(resource.get('Properties', {}), dict):
            raise TemplateError(f'{logical_id} ({resource_type}): Properties must be an object')
        schemas.check_names(self.region, logical_id, resource_type, resource.get('Properties', {}))
        for policy in ('DeletionPolicy', 'UpdateReplacePolicy'):
            if str(resource.get(policy, 'Delete')) not in POLICIES:
                raise TemplateError(f'{logical_id}.{policy} must be one of {", ".join(sorted(POLICIES))}')
        self._check_references(resource)
        depends_on = resource.get('DependsOn', [])
        for name in depends_on if isinstance(depends_on, list) else [depends_on]:
            if not isinstance(name, str) or name not in self.resources:
                raise TemplateError(f'{logical_id}.DependsOn names {name}, which is no resource of the template')
        if 'Condition' in resource and resource['Condition'] not in self.conditions:
            raise TemplateError(f'{logical_id}.Condition names {resource["Condition"]}, which is no condition')

    def _check_conditions(self) -> None:
        names = references(self.conditions)
        for name in sorted(names - set(self.parameters) - PSEUDO_PARAMETERS):
            raise TemplateError(f'Conditions refer to {name}, which is no parameter')
        uses = {name: conditions_in(condition) for name, condition in self.conditions.items()}
        for name, condition in self.conditions.items():
            if function_of(condition) is None:
                raise TemplateError(f'Conditions.{name} must be a function')
            for used in uses[name] - set(self.conditions):
                raise TemplateError(f'Conditions.{name} names {used}, which is no condition')
        # The order throws when there is a circle.
        graph.creation_order(uses, self.conditions)

    def _check_references(self, value: Any) -> None:
        for name in references(value):
            if name not in self.resources and name not in self.parameters and name not in PSEUDO_PARAMETERS:
                raise TemplateError(f'The template refers to {name}, which is neither a resource nor a parameter of it')
        self._check_attributes(value)

    def _check_attributes(self, value: Any) -> None:
        call = function_of(value)
        if call is not None and call[0] == 'Fn::GetAtt':
            logical_id, attribute = split_attribute(call[1])
            resource = self.resources.get(logical_id)
            if resource is None:
                raise TemplateError(f'Fn::GetAtt asks {logical_id} for {attribute}, but it is no resource of the template')
            if isinstance(attribute, str) and not schemas.has_attribute(self.region, resource['Type'], attribute):
                raise TemplateError(f'Fn::GetAtt asks {logical_id} for {attribute}, which {resource["Type"]} does not have')
        for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._check_attributes(member)


def conditions_in(value: Any) -> set[str]:
    call = function_of(value)
    if call is not None and call[0] == 'Condition':
        return {str(call[1])}
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(conditions_in, members))


def _check_output(name: str, output: Any) -> None:
    where = f'Outputs.{name}'
    if not isinstance(output, dict) or 'Value' not in output:
        raise TemplateError(f'{where} must have a Value')
    _check_keys(where, output, {'Condition', 'Description', 'Export', 'Value'})
    export = output.get('Export', {'Name': ''})
    if not isinstance(export, dict) or set(export) != {'Name'}:
        raise TemplateError(f'{where}.Export must have a Name, and nothing else')


def _check_keys(where: str, given: dict[str, Any], allowed: set[str]) -> None:
    unknown = sorted(set(given) - allowed)
    if unknown:
        raise TemplateError(f'{where} has {", ".join(unknown)}. Allowed are: {", ".join(sorted(allowed))}')
