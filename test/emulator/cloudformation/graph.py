"""Which resource waits for which, and in which order they are made."""

from typing import Any

from .intrinsics import TemplateError, references

# These start something that needs more than what it refers to. They come as early as the template allows, so that a
# dependency that it forgot is not there yet.
FIRST = ('AWS::ECS::Service', 'AWS::CloudFormation::CustomResource', 'Custom::')


def dependencies(resources: dict[str, Any]) -> dict[str, set[str]]:
    """What each resource waits for, directly."""
    direct = {}
    for logical_id, resource in resources.items():
        named = resource.get('DependsOn', [])
        used = references(resource.get('Properties', {})) | set([named] if isinstance(named, str) else named)
        direct[logical_id] = {name for name in used if name in resources}
    return direct


def ancestors(direct: dict[str, set[str]]) -> dict[str, set[str]]:
    """What each resource waits for, directly or through others."""
    found: dict[str, set[str]] = {}
    for logical_id in creation_order(direct, direct):
        found[logical_id] = direct[logical_id].union(*(found[name] for name in direct[logical_id]))
    return found


def creation_order(direct: dict[str, set[str]], resources: dict[str, Any]) -> list[str]:
    """
    An order that the dependencies allow, and the least convenient one: before something of `FIRST` is made, nothing is
    there but what it depends on.
    """
    order: list[str] = []
    path: list[str] = []

    def visit(logical_id: str) -> None:
        if logical_id in path:
            circle = ' → '.join([*path[path.index(logical_id) :], logical_id])
            raise TemplateError(f'Circular dependency between resources: {circle}')
        if logical_id not in order:
            path.append(logical_id)
            for name in sorted(direct[logical_id]):
                visit(name)
            path.pop()
            order.append(logical_id)

    def urgency(logical_id: str) -> int:
        kind = resources[logical_id].get('Type', '') if isinstance(resources[logical_id], dict) else ''
        return next((rank for rank, first in enumerate(FIRST) if kind.startswith(first)), len(FIRST))

    for logical_id in sorted(direct, key=lambda name: (urgency(name), name)):
        visit(logical_id)
    return order
