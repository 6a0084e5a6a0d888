"""One resource made, changed or removed, with its events."""

import copy
import json
import traceback
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import custom_resource, dynamic, schemas
from .cloud import Cloud
from .intrinsics import TemplateError
from .policies import check_policies
from .resource import HANDLERS, Context, Failure, Handler, Properties
from .scope import StackScope
from .stack import Stack, StackResource, Undo

# AWS keeps a snapshot of these when nobody says otherwise.
SNAPSHOT_BY_DEFAULT = ('AWS::RDS::DBCluster', 'AWS::RDS::DBInstance')


class ResourceFailed(Exception):
    """A resource could not be made or changed. The events say why."""


class Operations:
    """What can be done with the resources of a stack."""

    def __init__(self, stack: Stack, cloud: Cloud):
        self.stack = stack
        self.cloud = cloud

    def create(self, logical_id: str, definition: dict[str, Any], scope: StackScope) -> StackResource:
        resource = StackResource(logical_id, definition['Type'], definition, {}, 'CREATE_IN_PROGRESS')
        self.stack.resources[logical_id] = resource
        self.stack.resource_event(resource, 'CREATE_IN_PROGRESS')
        try:
            resource.properties = self.evaluated(logical_id, definition, scope)
            properties = Properties(self._final(resource))
            context = self._context(resource)
            handler = handler_of(resource.type)
            resource.physical_id = context.physical_id = handler.create(context, properties)
            _refuse(resource, set(properties.values) - properties.taken, 'The emulator does not support')
            resource.attributes, resource.needs = handler.attributes(context, properties.values), context.needs
        except Exception as error:
            resource.physical_id = getattr(error, 'physical_id', None) or resource.physical_id
            self._failed(resource, 'CREATE_FAILED', error)
        self.stack.resource_event(resource, 'CREATE_COMPLETE')
        return resource

    def update(self, resource: StackResource, definition: dict[str, Any], properties: dict[str, Any]) -> None:
        """Changes a resource in place."""
        before = copy.copy(resource)
        self.stack.resource_event(resource, 'UPDATE_IN_PROGRESS')
        try:
            resource.definition, resource.properties = definition, properties
            wanted = Properties(self._final(resource))
            had = schemas.coerced(self.stack.region, resource.type, before.properties)
            changed = changes(before.properties, properties)
            # Texts that are the same hold the same secrets, whatever they were resolved to then.
            old = had | {name: value for name, value in wanted.values.items() if name not in changed}
            context = self._context(resource)
            handler = handler_of(resource.type)
            moved = handler.update(context, old, wanted)
            _refuse(resource, changed - wanted.taken, 'The emulator cannot change in place')
            resource.physical_id = context.physical_id = moved or resource.physical_id
            resource.attributes = handler.attributes(context, wanted.values)
        except Exception as error:
            resource.definition, resource.properties = before.definition, before.properties
            self._failed(resource, 'UPDATE_FAILED', error)
        self.stack.resource_event(resource, 'UPDATE_COMPLETE')

    def delete(self, resource: StackResource, policy: str) -> bool:
        """Removes a resource, or leaves it, as the policy says. Returns whether that went well."""
        if policy == 'Retain' and resource.physical_id is not None:
            self._deleted(resource, 'DELETE_SKIPPED')
            return True
        self.stack.resource_event(resource, 'DELETE_IN_PROGRESS')
        try:
            if resource.physical_id is not None:
                properties = schemas.coerced(self.stack.region, resource.type, resource.properties)
                context, handler = self._context(resource), handler_of(resource.type)
                if policy == 'Snapshot':
                    handler.snapshot(context, properties)
                handler.delete(context, properties)
        except Exception as error:
            self.stack.resource_event(resource, 'DELETE_FAILED', reason_of(error))
            return False
        self._deleted(resource, 'DELETE_COMPLETE')
        return True

    def undo(self, entry: Undo, keep_new: bool) -> bool:
        """Takes one step back. Returns whether that went well."""
        current, before = self.stack.resources.get(entry.logical_id), entry.before
        if before is None:
            return current is None or self.delete(current, policy_on_rollback(current, keep_new))
        if current is not None and current.physical_id == before.physical_id:
            if not current.status.endswith('_FAILED') and current.properties == before.properties:
                current.definition = before.definition
                return True
            try:
                self.update(current, before.definition, before.properties)
            except ResourceFailed:
                return False
            return True
        self.stack.resources[entry.logical_id] = before
        self.stack.log(before, 'UPDATE_COMPLETE')
        # The one that was made in its place.
        return current is None or self.delete(current, policy_on_rollback(current, keep_new))

    def evaluated(self, logical_id: str, definition: dict[str, Any], scope: StackScope) -> dict[str, Any]:
        return scope.evaluator.value(definition.get('Properties', {}), f'{logical_id} ({definition["Type"]})')

    def _final(self, resource: StackResource) -> dict[str, Any]:
        """With secrets and types: what the service gets."""
        if schemas.is_custom(resource.type):
            # CloudFormation does not resolve dynamic references for custom resources.
            return resource.properties
        where = f'{resource.logical_id} ({resource.type})'
        region = self.stack.region
        properties = dynamic.resolve(resource.properties, lambda service: self.cloud.client(service, region), where)
        # A message about them would tell a secret.
        secret = {name for name, value in resource.properties.items() if '{{resolve:' in json.dumps(value)}
        typed = schemas.typed(region, resource.logical_id, resource.type, properties, secret | self._secret(resource))
        check_policies(where, resource.type, typed)
        return typed

    def _secret(self, resource: StackResource) -> set[str]:
        """The properties that hold a parameter which nobody is to see."""
        declared = self.stack.template.parameters
        values = [str(value) for name, value in self.stack.parameters.items() if declared.get(name, {}).get('NoEcho')]
        texts = {name: json.dumps(value) for name, value in resource.properties.items()}
        return {name for name, text in texts.items() if any(json.dumps(value)[1:-1] in text for value in values)}

    def _context(self, resource: StackResource) -> Context:
        stack = self.stack
        return Context(
            stack_name=stack.name,
            stack_id=stack.id,
            logical_id=resource.logical_id,
            region=stack.region,
            account=stack.account,
            partition=stack.id.split(':')[1],
            aws=lambda service: self.cloud.client(service, stack.region),
            stack_tags=stack.tags,
            physical_id=resource.physical_id,
        )

    def _failed(self, resource: StackResource, status: str, error: Exception) -> None:
        self.stack.resource_event(resource, status, reason_of(error))
        raise ResourceFailed from error

    def _deleted(self, resource: StackResource, status: str) -> None:
        self.stack.resource_event(resource, status)
        if self.stack.resources.get(resource.logical_id) is resource:
            del self.stack.resources[resource.logical_id]


def handler_of(resource_type: str) -> Handler:
    return custom_resource.HANDLER if schemas.is_custom(resource_type) else HANDLERS[resource_type]


def changes(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    """The names of the properties that differ."""
    return {name for name in {*old, *new} if name not in old or name not in new or old[name] != new[name]}


def deletion_policy(resource: StackResource) -> str:
    # An instance of a cluster has no data of its own.
    is_member = 'DBClusterIdentifier' in resource.definition.get('Properties', {}) and resource.type == SNAPSHOT_BY_DEFAULT[1]
    default = 'Snapshot' if resource.type in SNAPSHOT_BY_DEFAULT and not is_member else 'Delete'
    policy = resource.definition.get('DeletionPolicy', default)
    return 'Retain' if policy == 'RetainExceptOnCreate' else policy


def policy_on_rollback(resource: StackResource, keep_new: bool) -> str:
    """What becomes of a resource whose creation is taken back. There is nothing in it yet that a snapshot would keep."""
    return 'Retain' if keep_new and resource.definition.get('DeletionPolicy') == 'Retain' and resource.is_there else 'Delete'


def reason_of(error: Exception) -> str:
    if isinstance(error, (Failure, TemplateError)):
        return str(error)
    if isinstance(error, ClientError):
        return f'{error.operation_name}: {error.response["Error"]["Code"]}: {error.response["Error"]["Message"]}'
    if isinstance(error, BotoCoreError):
        return str(error)
    # A mistake of the emulator itself: its place is in the log of the server.
    traceback.print_exception(error)
    return f'The emulator failed: {type(error).__name__}: {error}'


def _refuse(resource: StackResource, names: set[str], what: str) -> None:
    if names:
        raise Failure(f'{what}: {", ".join(sorted(names))} of {resource.type} ({resource.logical_id})')
