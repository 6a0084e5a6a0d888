"""What references in the template of a stack are resolved against."""

from collections.abc import Callable
from typing import Any

from moto.utilities.utils import get_partition

from .intrinsics import Evaluator, TemplateError
from .stack import Stack, Stacks
from .template import Template


class Unknown(Exception):
    """A value that will be known after the deployment only."""


class StackScope:
    """The values of one template, with the resources of the stack as they are at the moment."""

    def __init__(
        self,
        stack: Stack,
        template: Template,
        parameters: dict[str, Any],
        stacks: Stacks,
        aws: Callable[[str], Any],
        unknown: set[str] | None = None,
    ):
        self.stack = stack
        self.template = template
        self.region = stack.region
        self.parameters = parameters
        self.stacks = stacks
        self.aws = aws
        # Resources that a preview must not resolve: they will be new.
        self.unknown = unknown if unknown is not None else set()
        self.is_preview = unknown is not None
        self.evaluator = Evaluator(self)
        self._conditions: dict[str, bool] = {}

    def resources(self) -> dict[str, Any]:
        """Those of the template whose condition holds, without what waits for one that is not made."""
        return {
            logical_id: resource
            for logical_id, resource in self.template.resources.items()
            if 'Condition' not in resource or self.condition(resource['Condition'])
        }

    def ref(self, name: str) -> Any:
        if name in self.parameters:
            return self.parameters[name]
        if name.startswith('AWS::'):
            return self._pseudo_parameter(name)
        return self._resource(name).physical_id

    def attribute(self, logical_id: str, name: str) -> Any:
        resource = self._resource(logical_id)
        if name not in resource.attributes:
            known = ', '.join(resource.attributes) or 'none'
            raise TemplateError(f'{logical_id} ({resource.type}) has no attribute {name} here. It has: {known}', False)
        return resource.attributes[name]

    def mapping(self, name: str, top: str, second: str) -> Any:
        try:
            return self.template.mappings[name][top][second]
        except KeyError:
            raise TemplateError(f'Fn::FindInMap finds no {top}.{second} in the mapping {name}', False) from None

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            if name not in self.template.conditions:
                raise TemplateError(f'{name} is no condition of the template', False)
            self._conditions[name] = self.evaluator.value(self.template.conditions[name], f'Conditions.{name}')
        return self._conditions[name]

    def imported(self, name: str) -> str:
        exports = self.stacks.exports()
        if name not in exports:
            raise TemplateError(f'No export named {name} found', False)
        if not self.is_preview:
            self.stack.imports.add(name)
        return exports[name][1]

    def zones(self, region: str) -> list[str]:
        zones = self.aws('ec2').describe_availability_zones()['AvailabilityZones']
        return sorted(zone['ZoneName'] for zone in zones if zone['RegionName'] == region)

    def _pseudo_parameter(self, name: str) -> Any:
        partition = get_partition(self.region)
        values = {
            'AWS::AccountId': self.stack.account,
            'AWS::NotificationARNs': [],
            'AWS::Partition': partition,
            'AWS::Region': self.region,
            'AWS::StackId': self.stack.id,
            'AWS::StackName': self.stack.name,
            'AWS::URLSuffix': 'amazonaws.com.cn' if partition == 'aws-cn' else 'amazonaws.com',
        }
        if name not in values:
            raise TemplateError(f'The emulator does not know {name}', False)
        return values[name]

    def _resource(self, logical_id: str) -> Any:
        if logical_id in self.unknown:
            raise Unknown(logical_id)
        condition = self.template.resources.get(logical_id, {}).get('Condition')
        if condition is not None and not self.condition(condition):
            raise TemplateError(f'{logical_id} is referred to, but its condition {condition} does not hold', False)
        resource = self.stack.resources.get(logical_id)
        if resource is None or not resource.is_there:
            raise TemplateError(f'{logical_id} is referred to, but it is not made', False)
        return resource
