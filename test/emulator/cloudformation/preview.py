"""What a change set would do, before it is done."""

from typing import Any

from . import graph, schemas
from .intrinsics import TemplateError
from .operation import changes, deletion_policy
from .scope import StackScope, Unknown
from .stack import StackResource

# A value that only the deployment can know. It equals nothing, not even itself.
UNKNOWN = float('nan')
# What of a resource can change beside its properties.
AROUND = ('DeletionPolicy', 'Metadata', 'UpdateReplacePolicy')


def preview(scope: StackScope) -> list[dict[str, Any]]:
    """The changes of the resources, as DescribeChangeSet tells them."""
    wanted = scope.resources()
    found = []
    for logical_id in graph.creation_order(graph.dependencies(wanted), wanted):
        definition = wanted[logical_id]
        current = scope.stack.resources.get(logical_id)
        if current is None or current.status == 'CREATE_FAILED':
            scope.unknown.add(logical_id)
            found.append(_change('Add', logical_id, definition['Type']))
            continue
        changed = changes(current.properties, _properties(logical_id, definition, scope))
        if current.type != definition['Type']:
            raise TemplateError(f'{logical_id} is {current.type}: update of resource type is not permitted')
        if not changed and current.status != 'UPDATE_FAILED':
            others = sorted(name for name in AROUND if current.definition.get(name) != definition.get(name))
            if others:
                found.append(_change('Modify', logical_id, definition['Type'], current, Replacement='False', Scope=others))
            continue
        is_new = schemas.is_replaced(scope.region, current.type, changed)
        if is_new:
            scope.unknown.add(logical_id)
        found.append(
            _change(
                'Modify',
                logical_id,
                definition['Type'],
                current,
                Replacement=str(is_new),
                Scope=['Properties'],
                **({'PolicyAction': _on_replacement(current)} if is_new else {}),
                Details=[
                    {
                        'Target': {
                            'Attribute': 'Properties',
                            'Name': name,
                            'RequiresRecreation': 'Always' if is_new else 'Never',
                        },
                        'Evaluation': 'Static',
                        'ChangeSource': 'DirectModification',
                    }
                    for name in sorted(changed)
                ],
            )
        )
    for logical_id, resource in scope.stack.resources.items():
        if logical_id not in wanted:
            policy = {'Retain': 'Retain', 'Snapshot': 'Snapshot'}.get(deletion_policy(resource), 'Delete')
            found.append(_change('Remove', logical_id, resource.type, resource, PolicyAction=policy))
    return found


def outputs_change(scope: StackScope) -> bool:
    """Whether the update would do something although no resource changes."""
    wanted = {name: output for name, output in scope.template.outputs.items()}
    had = scope.stack.template.outputs if scope.stack.template else {}
    return wanted != had


def _properties(logical_id: str, definition: dict[str, Any], scope: StackScope) -> dict[str, Any]:
    where = f'{logical_id} ({definition["Type"]})'
    properties = {}
    for name, value in definition.get('Properties', {}).items():
        try:
            evaluated = scope.evaluator.value({name: value}, where)
        except Unknown:
            evaluated = {name: UNKNOWN}
        except TemplateError:
            if not scope.unknown:
                raise
            evaluated = {name: UNKNOWN}
        properties |= evaluated
    return properties


def _on_replacement(resource: StackResource) -> str:
    policy = resource.definition.get('UpdateReplacePolicy', 'Delete')
    return {'Retain': 'ReplaceAndRetain', 'Snapshot': 'ReplaceAndSnapshot'}.get(policy, 'ReplaceAndDelete')


def _change(action: str, logical_id: str, kind: str, current: StackResource | None = None, **more: Any) -> dict[str, Any]:
    change = {'Action': action, 'LogicalResourceId': logical_id, 'ResourceType': kind, 'Scope': [], 'Details': [], **more}
    if current is not None and current.physical_id is not None:
        change['PhysicalResourceId'] = current.physical_id
    return {'Type': 'Resource', 'ResourceChange': change}
