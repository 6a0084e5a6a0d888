"""A task that is to start: with which roles, and where."""

from dataclasses import dataclass, field
from typing import Any

from cloudformation import permissions
from cloudformation.resource import Context

from .stopped_tasks import not_started
from .ways_out import WaysOut


@dataclass
class Launch:
    context: Context
    task: dict[str, Any]
    # Of the task, where its containers are.
    subnets: list[dict[str, Any]]
    groups: list[str]
    # Of whoever pulls its images, reads its secrets and writes its logs: the task itself on Fargate, else the instances.
    ways_out: list[WaysOut]
    # What is missing there, by what it leads to.
    unreached: dict[str, str] = field(default_factory=dict)

    @property
    def execution_role(self) -> str | None:
        return self.task.get('executionRoleArn')

    @property
    def task_role(self) -> str | None:
        return self.task.get('taskRoleArn')

    def must_reach(self, service: str, action: str, resource: str, what: str) -> None:
        for way in self.ways_out:
            if problem := way.to_service(service, action, resource):
                self.unreached.setdefault(service, f'unable to {what}: {problem}')

    def must_reach_internet(self, what: str) -> None:
        for way in self.ways_out:
            if way.to_internet:
                self.unreached.setdefault('internet', f'unable to {what}: {way.to_internet}')

    def check_ways_out(self) -> None:
        """ECS would tell them one after the other."""
        if self.unreached:
            raise not_started('; '.join(self.unreached.values()))

    def execution_role_must(self, action: str, resource: str, what: str, **given: str) -> None:
        role = self.execution_role
        if role is None or not permissions.allows(self.context.aws('iam'), role, action, resource, given):
            raise not_started(f'the execution role {role} is not authorized to perform {action} on {what}')
