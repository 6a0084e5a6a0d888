"""What CloudFormation remembers of a stack."""

import datetime
import uuid
from dataclasses import dataclass, field
from typing import Any

from .template import Template


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


@dataclass
class StackResource:
    logical_id: str
    type: str
    # As in the template.
    definition: dict[str, Any]
    # Resolved, but for the dynamic references: secrets are looked up when they are used, and not kept.
    properties: dict[str, Any]
    status: str
    physical_id: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    # The physical ids of what it uses although no property names it.
    needs: set[str] = field(default_factory=set)
    reason: str | None = None
    timestamp: datetime.datetime = field(default_factory=now)

    @property
    def is_there(self) -> bool:
        return self.status in ('CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_FAILED')


@dataclass
class Event:
    stack_id: str
    stack_name: str
    logical_id: str
    physical_id: str | None
    type: str
    status: str
    reason: str | None
    token: str | None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    timestamp: datetime.datetime = field(default_factory=now)


@dataclass
class Undo:
    """How a resource was before the running update: None when it was not there."""

    logical_id: str
    before: StackResource | None


@dataclass
class Stack:
    name: str
    id: str
    region: str
    account: str
    status: str
    reason: str | None = None
    template: Template | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    resolved_parameters: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    role_arn: str | None = None
    termination_protection: bool = False
    disable_rollback: bool = False
    created: datetime.datetime = field(default_factory=now)
    updated: datetime.datetime | None = None
    deleted: datetime.datetime | None = None
    change_set_id: str | None = None
    # The latest at the end.
    events: list[Event] = field(default_factory=list)
    resources: dict[str, StackResource] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    # The exports of other stacks that it uses.
    imports: set[str] = field(default_factory=set)
    # What a rollback would have to take back, in the order in which it was done.
    undo: list[Undo] = field(default_factory=list)
    # What was there before a failed update, to go back to.
    before: tuple[Template, dict[str, Any], dict[str, Any]] | None = None
    token: str | None = None

    def event(self, status: str, reason: str | None = None) -> None:
        """Of the stack itself."""
        self.status, self.reason = status, reason
        self.events.append(
            Event(self.id, self.name, self.name, self.id, 'AWS::CloudFormation::Stack', status, reason, self.token)
        )

    def resource_event(self, resource: StackResource, status: str, reason: str | None = None) -> None:
        resource.status, resource.reason, resource.timestamp = status, reason, now()
        self.log(resource, status, reason)

    def log(self, resource: StackResource, status: str, reason: str | None = None) -> None:
        """An event that does not change what is known of the resource."""
        self.events.append(
            Event(
                self.id,
                self.name,
                resource.logical_id,
                resource.physical_id,
                resource.type,
                status,
                reason,
                self.token,
            )
        )


@dataclass
class ChangeSet:
    name: str
    id: str
    stack: Stack
    type: str
    template: Template
    parameters: dict[str, Any]
    resolved_parameters: dict[str, Any]
    tags: dict[str, str]
    capabilities: list[str]
    role_arn: str | None
    description: str | None
    status: str = 'CREATE_COMPLETE'
    reason: str | None = None
    execution_status: str = 'AVAILABLE'
    changes: list[dict[str, Any]] = field(default_factory=list)
    created: datetime.datetime = field(default_factory=now)


class Stacks:
    """All stacks of an account and region, those that are gone included: they are asked for by their id."""

    def __init__(self) -> None:
        self.by_id: dict[str, Stack] = {}
        self.change_sets: dict[str, ChangeSet] = {}

    def find(self, name_or_id: str) -> Stack | None:
        if name_or_id in self.by_id:
            return self.by_id[name_or_id]
        return next((stack for stack in self.living() if stack.name == name_or_id), None)

    def living(self) -> list[Stack]:
        return [stack for stack in self.by_id.values() if stack.deleted is None]

    def exports(self) -> dict[str, tuple[Stack, str]]:
        return {
            output['ExportName']: (stack, output['OutputValue'])
            for stack in self.living()
            for output in stack.outputs.values()
            if 'ExportName' in output
        }
