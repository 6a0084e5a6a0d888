"""What a resource type is to CloudFormation: how to make, change and remove it, and what it can be asked.

A handler stands on the emulator's own API of the service (`context.aws('ec2')` is a boto3 client), so that whatever it
makes is seen by every SDK afterwards. It never ignores a property: what it acts on it takes, and what nobody took is an
error.
"""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

NAME_CHARACTERS = string.ascii_uppercase + string.digits


class Failure(Exception):
    """Why a resource could not be made, changed or removed; the sentence goes into the events of the stack."""

    # Set when the resource is there all the same, and must be removed.
    physical_id: str | None = None


class Properties:
    """The resolved, typed properties of a resource. They must be taken, each of them."""

    def __init__(self, values: dict[str, Any]):
        self.values = values
        self.taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def take(self, name: str, default: Any = None) -> Any:
        """The value of a property that the handler acts on."""
        self.taken.add(name)
        return self.values.get(name, default)

    def given(self, *names: str, **renamed: str) -> dict[str, Any]:
        """Those of the properties that are there, as parameters of an API call: `given('VpcId', Id='GroupId')`."""
        parameters = {name: self.take(name) for name in names} | {
            parameter: self.take(name) for parameter, name in renamed.items()
        }
        return {parameter: value for parameter, value in parameters.items() if value is not None}


@dataclass
class Context:
    """Whose resource it is, and the way to AWS."""

    stack_name: str
    stack_id: str
    logical_id: str
    region: str
    account: str
    partition: str
    # A boto3 client of a service, in the region of the stack.
    aws: Callable[[str], Any]
    stack_tags: dict[str, str] = field(default_factory=dict)
    # None until there is one.
    physical_id: str | None = None
    # The physical ids of what `create` used although no property names it.
    needs: set[str] = field(default_factory=set)
    # What `create` or `update` learned and `attributes` will be asked for.
    learned: dict[str, Any] = field(default_factory=dict)

    def name(self, length: int = 64, separator: str = '-') -> str:
        """A name as CloudFormation makes them for resources that were not given one."""
        suffix = ''.join(random.choices(NAME_CHARACTERS, k=12))
        stem = f'{self.stack_name}{separator}{self.logical_id}'
        return f'{stem[: length - len(suffix) - 1].rstrip(separator)}{separator}{suffix}'

    def tags(self, tags: list[dict[str, str]] | None) -> list[dict[str, str]]:
        """The tags of a resource, with those of its stack. Those that AWS adds itself nobody else may write."""
        merged = self.stack_tags | {tag['Key']: tag['Value'] for tag in tags or []}
        return [{'Key': key, 'Value': value} for key, value in merged.items()]

    def tagged(self, properties: Properties) -> dict[str, Any]:
        """`Tags` as a parameter of a call, if there are any: some calls refuse an empty list."""
        tags = self.tags(properties.take('Tags'))
        return {'Tags': tags} if tags else {}

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        where = self.region if region is None else region
        return f'arn:{self.partition}:{service}:{where}:{self.account}:{resource}'


class Handler:
    """A resource type. One instance serves all resources: it holds no state."""

    # Whether another resource that names the physical id must depend on the resource. Not so where the physical id is
    # a word that means something by itself, such as a domain name.
    is_reference = True

    def create(self, context: Context, properties: Properties) -> str:
        """Makes the resource; returns what `Ref` gives, its physical id."""
        raise NotImplementedError

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> str | None:
        """
        Changes the resource in place: called with properties that do not replace it. Takes those that it can change.
        Returns nothing, or another physical id, if the resource decided by itself to be another thing now.
        """

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        """Removes the resource. One that is gone already is no failure."""
        raise NotImplementedError

    def snapshot(self, context: Context, properties: dict[str, Any]) -> None:
        """Keeps the data of the resource, which is about to be deleted."""
        raise Failure(f'{context.logical_id} cannot be kept as a snapshot: its type has none.')

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        """What `Fn::GetAtt` can ask for, by name; asked after each creation and change."""
        return {}


HANDLERS: dict[str, Handler] = {}


def handles(*types: str) -> Callable[[type[Handler]], type[Handler]]:
    """Registers a class as the handler of resource types."""

    def register(handler: type[Handler]) -> type[Handler]:
        for resource_type in types:
            HANDLERS[resource_type] = handler()
        return handler

    return register
