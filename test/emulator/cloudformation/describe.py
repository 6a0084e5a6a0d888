"""Stacks, their events, resources and change sets, as the API tells of them."""

from typing import Any

from .stack import ChangeSet, Event, Stack, StackResource
from .template import Template


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{'Key': key, 'Value': value} for key, value in values.items()]


def _parameters(template: Template | None, raw: dict[str, Any], resolved: dict[str, Any]) -> list[dict[str, str]]:
    declared = template.parameters if template else {}
    return [
        {'ParameterKey': name, 'ParameterValue': '****'}
        if str(declared.get(name, {}).get('NoEcho')).lower() == 'true'
        else {'ParameterKey': name, 'ParameterValue': value}
        | ({} if resolved.get(name) == value else {'ResolvedValue': str(resolved.get(name))})
        for name, value in raw.items()
    ]


def stack_description(stack: Stack) -> dict[str, Any]:
    return {
        'StackId': stack.id,
        'StackName': stack.name,
        'ChangeSetId': stack.change_set_id,
        'Description': stack.template.description if stack.template else None,
        'Parameters': _parameters(stack.template, stack.parameters, stack.resolved_parameters),
        'CreationTime': stack.created,
        'LastUpdatedTime': stack.updated,
        'DeletionTime': stack.deleted,
        'StackStatus': stack.status,
        'StackStatusReason': stack.reason,
        'DisableRollback': stack.disable_rollback,
        'NotificationARNs': [],
        'Capabilities': stack.capabilities,
        'Outputs': list(stack.outputs.values()),
        'RoleARN': stack.role_arn,
        'Tags': _pairs(stack.tags),
        'EnableTerminationProtection': stack.termination_protection,
        'DriftInformation': {'StackDriftStatus': 'NOT_CHECKED'},
    }


def resource_description(stack: Stack, resource: StackResource) -> dict[str, Any]:
    return {
        'StackName': stack.name,
        'StackId': stack.id,
        'LogicalResourceId': resource.logical_id,
        'PhysicalResourceId': resource.physical_id,
        'ResourceType': resource.type,
        'Timestamp': resource.timestamp,
        'LastUpdatedTimestamp': resource.timestamp,
        'ResourceStatus': resource.status,
        'ResourceStatusReason': resource.reason,
        'DriftInformation': {'StackResourceDriftStatus': 'NOT_CHECKED'},
    }


def event_description(event: Event) -> dict[str, Any]:
    return {
        'StackId': event.stack_id,
        'EventId': event.id,
        'StackName': event.stack_name,
        'LogicalResourceId': event.logical_id,
        'PhysicalResourceId': event.physical_id,
        'ResourceType': event.type,
        'Timestamp': event.timestamp,
        'ResourceStatus': event.status,
        'ResourceStatusReason': event.reason,
        'ClientRequestToken': event.token,
    }


def change_set_description(change_set: ChangeSet) -> dict[str, Any]:
    return {
        'ChangeSetName': change_set.name,
        'ChangeSetId': change_set.id,
        'StackId': change_set.stack.id,
        'StackName': change_set.stack.name,
        'Description': change_set.description,
        'Parameters': _parameters(change_set.template, change_set.parameters, change_set.resolved_parameters),
        'CreationTime': change_set.created,
        'ExecutionStatus': change_set.execution_status,
        'Status': change_set.status,
        'StatusReason': change_set.reason,
        'NotificationARNs': [],
        'Capabilities': change_set.capabilities,
        'Tags': _pairs(change_set.tags),
        'Changes': change_set.changes,
    }
