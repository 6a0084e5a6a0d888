"""A stack made, changed, rolled back or removed."""

import copy
import re
import traceback
from typing import Any

from . import graph, schemas
from .cloud import Cloud
from .operation import Operations, ResourceFailed, changes, deletion_policy, handler_of, reason_of
from .intrinsics import TemplateError
from .resource import Failure
from .scope import StackScope
from .stack import Stack, StackResource, Stacks, Undo
from .template import Template

NO_REPLACEMENT = 'Replacement type updates not supported on stack with disable-rollback.'


class Deployment:
    def __init__(self, stack: Stack, stacks: Stacks, cloud: Cloud):
        self.stack = stack
        self.stacks = stacks
        self.operations = Operations(stack, cloud)
        self.aws = lambda service: cloud.client(service, stack.region)

    def run(self, template: Template, parameters: dict[str, Any], resolved: dict[str, Any]) -> None:
        """Makes the stack what the template says; on a failure goes back, unless that is switched off."""
        stack = self.stack
        is_new = stack.template is None
        verb = 'CREATE' if is_new else 'UPDATE'
        if not stack.undo and not is_new:
            stack.before = (stack.template, stack.parameters, stack.resolved_parameters)
        stack.event(f'{verb}_IN_PROGRESS', 'User Initiated')
        stack.template, stack.parameters, stack.resolved_parameters = template, parameters, resolved
        scope = self._scope()
        imports, stack.imports = stack.imports, set()
        try:
            wanted = scope.resources()
            direct = graph.dependencies(wanted)
            for logical_id in graph.creation_order(direct, wanted):
                self._apply(logical_id, wanted[logical_id], scope)
            self._check_declared(wanted, direct)
            outputs = self._outputs(scope)
        except Exception as error:
            if not isinstance(error, (ResourceFailed, TemplateError, Failure)):
                traceback.print_exc()
            failed = [r.logical_id for r in stack.resources.values() if r.status.endswith('_FAILED')]
            reason = reason_of(error) if str(error) else f'The following resource(s) failed to {verb.lower()}: [{", ".join(failed)}].'
            stack.imports = set() if is_new and not stack.disable_rollback else imports | stack.imports
            stack.event(f'{verb}_FAILED', reason) if stack.disable_rollback else self.roll_back(reason)
            return
        stack.outputs = outputs
        replaced = [entry.before for entry in stack.undo if self._is_replaced(entry)]
        stack.undo, stack.before = [], None
        if not is_new:
            self._clean_up(wanted, replaced)
        stack.event(f'{verb}_COMPLETE')

    def roll_back(self, reason: str | None = None, keep_new: bool = True) -> None:
        """Goes back to what was there before the first of the failed operations."""
        stack = self.stack
        verb = 'ROLLBACK' if stack.before is None else 'UPDATE_ROLLBACK'
        stack.event(f'{verb}_IN_PROGRESS', reason)
        # What cannot be taken back does not keep the others: those that need it fail by themselves.
        stack.undo = [entry for entry in reversed(stack.undo) if not self.operations.undo(entry, keep_new)][::-1]
        if stack.undo:
            left = ', '.join(entry.logical_id for entry in stack.undo)
            stack.event(f'{verb}_FAILED', f'The following resource(s) could not be taken back: [{left}].')
            return
        if stack.before is not None:
            stack.template, stack.parameters, stack.resolved_parameters = stack.before
            stack.before = None
        stack.event(f'{verb}_COMPLETE')

    def delete(self, retained: list[str]) -> None:
        stack = self.stack
        stack.event('DELETE_IN_PROGRESS', 'User Initiated')
        failed = self._delete_all(
            list(stack.resources.values()),
            lambda resource: 'Retain' if resource.logical_id in retained else deletion_policy(resource),
        )
        if failed:
            stack.event('DELETE_FAILED', f'The following resource(s) failed to delete: [{", ".join(failed)}].')
            return
        stack.outputs = {}
        stack.event('DELETE_COMPLETE')
        stack.deleted = stack.events[-1].timestamp

    def _scope(self) -> StackScope:
        stack = self.stack
        return StackScope(stack, stack.template, stack.resolved_parameters, self.stacks, self.aws)

    def _apply(self, logical_id: str, wanted: dict[str, Any], scope: StackScope) -> None:
        current = self.stack.resources.get(logical_id)
        if current is None or current.status == 'CREATE_FAILED':
            if current is not None and not self.operations.delete(current, 'Delete'):
                raise ResourceFailed
            self._remember(logical_id, None)
            self.operations.create(logical_id, wanted, scope)
            return
        properties = self.operations.evaluated(logical_id, wanted, scope)
        changed = changes(current.properties, properties)
        if current.type != wanted['Type']:
            self.stack.log(current, 'UPDATE_FAILED', f'Update of resource type is not permitted. The new one is {wanted["Type"]}')
            raise ResourceFailed
        if not changed and current.status != 'UPDATE_FAILED':
            if current.definition != wanted:
                self._remember(logical_id, copy.copy(current))
                current.definition = wanted
            return
        self._remember(logical_id, copy.copy(current))
        if schemas.is_replaced(self.stack.region, current.type, changed):
            if self.stack.disable_rollback:
                self.stack.log(current, 'UPDATE_FAILED', NO_REPLACEMENT)
                raise ResourceFailed
            self.stack.log(current, 'UPDATE_IN_PROGRESS', 'The update replaces this resource by a new one.')
            self.operations.create(logical_id, wanted, scope)
        else:
            self.operations.update(current, wanted, properties)

    def _remember(self, logical_id: str, before: StackResource | None) -> None:
        """How to go back; of several attempts the first one knows."""
        if all(entry.logical_id != logical_id for entry in self.stack.undo):
            self.stack.undo.append(Undo(logical_id, before))

    def _is_replaced(self, entry: Undo) -> bool:
        current = self.stack.resources.get(entry.logical_id)
        return entry.before is not None and (current is None or current.physical_id != entry.before.physical_id)

    def _check_declared(self, wanted: dict[str, Any], direct: dict[str, set[str]]) -> None:
        """A resource that names another one must wait for it, or it works by luck."""
        waits_for = graph.ancestors(direct)
        made = self.stack.resources
        owners = {
            resource.physical_id: resource.logical_id
            for resource in made.values()
            if resource.logical_id in wanted and handler_of(resource.type).is_reference
        }
        for logical_id in wanted:
            for provider in self._providers(made[logical_id].needs) - waits_for[logical_id]:
                raise Failure(f'{logical_id} needs {provider} without depending on it: CloudFormation may make it later')
        if not owners:
            return
        names = '|'.join(re.escape(name) for name in sorted(owners, key=len, reverse=True))
        named = re.compile(rf'(?<![\w-])(?:{names})(?![\w-])')
        for logical_id in wanted:
            for part in {part for text in _texts(made[logical_id].properties) for part in named.findall(text)}:
                owner = owners[part]
                if owner != logical_id and owner not in waits_for[logical_id] and logical_id not in waits_for[owner]:
                    raise Failure(
                        f'{logical_id} uses {owner} ({part}) without depending on it: CloudFormation may make it first'
                    )

    def _providers(self, needs: set[str]) -> set[str]:
        return {resource.logical_id for resource in self.stack.resources.values() if resource.physical_id in needs}

    def _outputs(self, scope: StackScope) -> dict[str, dict[str, Any]]:
        outputs = {}
        exports = self.stacks.exports()
        for name, output in scope.template.outputs.items():
            if 'Condition' in output and not scope.condition(output['Condition']):
                continue
            where = f'Outputs.{name}'
            found = {'OutputKey': name, 'OutputValue': scope.evaluator.text(output['Value'], where)}
            if 'Description' in output:
                found['Description'] = output['Description']
            if 'Export' in output:
                found['ExportName'] = scope.evaluator.text(output['Export']['Name'], where)
                if exports.get(found['ExportName'], (self.stack,))[0] is not self.stack:
                    raise TemplateError(f'{where}: another stack exports {found["ExportName"]}')
            outputs[name] = found
        self._keep_exports(outputs)
        return outputs

    def _keep_exports(self, outputs: dict[str, dict[str, Any]]) -> None:
        """What other stacks import can neither change nor go."""
        new = {output.get('ExportName'): output['OutputValue'] for output in outputs.values()}
        for name, (owner, value) in self.stacks.exports().items():
            users = [other.name for other in self.stacks.living() if name in other.imports]
            if owner is self.stack and users and new.get(name) != value:
                change = 'updated' if name in new else 'deleted'
                raise TemplateError(f'Export {name} cannot be {change} as it is in use by {", ".join(users)}')

    def _clean_up(self, wanted: dict[str, Any], replaced: list[StackResource]) -> None:
        removed = [resource for name, resource in self.stack.resources.items() if name not in wanted]
        if not removed and not replaced:
            return
        self.stack.event('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')

        def policy(resource: StackResource) -> str:
            if resource in removed:
                return deletion_policy(resource)
            return resource.definition.get('UpdateReplacePolicy', 'Delete')

        self._delete_all([*removed, *replaced], policy)
        for resource in removed:
            # What could not be deleted is nobody's from now on.
            self.stack.resources.pop(resource.logical_id, None)

    def _delete_all(self, resources: list[StackResource], policy: Any) -> list[str]:
        """Those that wait for others first. Returns what could not be deleted."""
        definitions = {resource.logical_id: resource.definition for resource in resources}
        order = graph.creation_order(graph.dependencies(definitions), definitions)
        failed: list[str] = []
        for resource in sorted(resources, key=lambda one: order.index(one.logical_id), reverse=True):
            if not self.operations.delete(resource, policy(resource)):
                failed.append(resource.logical_id)
        return failed


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for member in members for text in _texts(member)]
