"""The calls of the CloudFormation API, by which CDK's command line and every SDK talk to it."""

import contextlib
import threading
import uuid
from typing import Any
from urllib.parse import urlparse

from .cloud import ACCOUNT, Cloud
from .deployment import Deployment
from .describe import change_set_description, event_description, resource_description, stack_description
from .intrinsics import TemplateError
from .parameters import check_rules, resolve_parameters
from .preview import outputs_change, preview
from .scope import StackScope
from .stack import ChangeSet, Stack, Stacks
from .template import Template

# How long a call that starts a deployment waits for its end. Most have ended by then, and whoever asks for the outcome
# next needs not ask again.
PATIENCE_S = 20
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
# From these there is no way but to delete the stack, or to go on with its rollback.
DEAD_ENDS = ('ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED', 'UPDATE_ROLLBACK_FAILED')
# A deployment without rollback has failed: it can be gone on with, or be rolled back.
PAUSED = ('CREATE_FAILED', 'UPDATE_FAILED')


class ApiError(Exception):
    def __init__(self, message: str, code: str = 'ValidationError'):
        super().__init__(message)
        self.code = code


class Api:
    """CloudFormation in one region."""

    def __init__(self, cloud: Cloud, region: str, partition: str):
        self.cloud = cloud
        self.region = region
        self.partition = partition
        self.stacks = Stacks()

    def CreateChangeSet(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request['StackName']
        kind = request.get('ChangeSetType', 'UPDATE')
        stack = self.stacks.find(name)
        if kind == 'IMPORT':
            raise ApiError('The emulator does not import resources')
        if kind == 'CREATE' and stack is None:
            # What cannot even be read leaves no stack behind.
            template = self._template(request, None)
            stack = self._new_stack(name, request)
            stack.event('REVIEW_IN_PROGRESS', 'User Initiated')
        elif kind == 'CREATE' and stack.status != 'REVIEW_IN_PROGRESS':
            raise ApiError(f'Stack [{name}] already exists and cannot be created again with the changeSet')
        elif stack is None:
            raise ApiError(f'Stack [{name}] does not exist')
        else:
            template = self._template(request, stack)
        self._must_rest(stack)
        raw, resolved = self._parameters(template, request, stack)
        change_set = ChangeSet(
            name=request['ChangeSetName'],
            id=self._arn(f'changeSet/{request["ChangeSetName"]}/{uuid.uuid4()}'),
            stack=stack,
            type=kind,
            template=template,
            parameters=raw,
            resolved_parameters=resolved,
            tags={tag['Key']: tag['Value'] for tag in request.get('Tags', [])},
            capabilities=request.get('Capabilities', []),
            role_arn=request.get('RoleARN'),
            description=request.get('Description'),
        )
        scope = self._scope(stack, template, resolved)
        with_errors(lambda: check_rules(template, scope.evaluator))
        change_set.changes = with_errors(lambda: preview(scope))
        is_same = not change_set.changes and change_set.tags == stack.tags and not outputs_change(scope)
        if kind == 'UPDATE' and is_same and not stack.status.endswith('_FAILED'):
            change_set.status, change_set.reason = 'FAILED', NO_CHANGES
            change_set.execution_status = 'UNAVAILABLE'
        self.stacks.change_sets[change_set.id] = change_set
        return {'Id': change_set.id, 'StackId': stack.id}

    def DescribeChangeSet(self, request: dict[str, Any]) -> dict[str, Any]:
        return change_set_description(self._change_set(request))

    def ListChangeSets(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stack(request)
        mine = [change_set for change_set in self.stacks.change_sets.values() if change_set.stack is stack]
        return {'Summaries': [change_set_description(change_set) for change_set in mine]}

    def DeleteChangeSet(self, request: dict[str, Any]) -> dict[str, Any]:
        # One that is not there is deleted already: the CDK CLI asks before each new one.
        with contextlib.suppress(ApiError):
            del self.stacks.change_sets[self._change_set(request).id]
        return {}

    def ExecuteChangeSet(self, request: dict[str, Any]) -> dict[str, Any]:
        change_set = self._change_set(request)
        if change_set.execution_status != 'AVAILABLE':
            status = f'[{change_set.status}, {change_set.execution_status}]'
            raise ApiError(f'ChangeSet [{change_set.id}] cannot be executed in its status {status}', 'InvalidChangeSetStatus')
        stack = change_set.stack
        self._must_rest(stack)
        self._must_keep_tags(stack, change_set.tags)
        stack.change_set_id, stack.tags, stack.role_arn = change_set.id, change_set.tags, change_set.role_arn
        stack.capabilities = change_set.capabilities
        self._start(stack, request, change_set.template, change_set.parameters, change_set.resolved_parameters)
        for id, other in list(self.stacks.change_sets.items()):
            if other.stack is stack:
                del self.stacks.change_sets[id]
        return {}

    def CreateStack(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.stacks.find(request['StackName']) is not None:
            raise ApiError(f'Stack [{request["StackName"]}] already exists', 'AlreadyExistsException')
        template = self._template(request, None)
        return self._change(self._new_stack(request['StackName'], request), template, request)

    def UpdateStack(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stack(request)
        self._must_rest(stack)
        return self._change(stack, self._template(request, stack), request)

    def DeleteStack(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self.stacks.find(request['StackName'])
        if stack is None or stack.deleted is not None:
            return {}
        self._must_rest(stack, dead_ends=())
        if stack.termination_protection:
            raise ApiError(f'Stack [{stack.id}] cannot be deleted while TerminationProtection is enabled')
        for name, (owner, _) in self.stacks.exports().items():
            users = [other.name for other in self.stacks.living() if name in other.imports]
            if owner is stack and users:
                raise ApiError(f'Export {name} cannot be deleted as it is in use by {", ".join(users)}')
        stack.token = request.get('ClientRequestToken')
        retained = request.get('RetainResources', [])
        if retained and stack.status != 'DELETE_FAILED':
            raise ApiError('Invalid operation on stack: specify which resources to retain only when the stack is in the DELETE_FAILED state.')
        self._in_background(lambda: self._deployment(stack).delete(retained))
        return {}

    def RollbackStack(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stack(request)
        if stack.status not in PAUSED:
            raise ApiError(f'Stack [{stack.name}] is in {stack.status} state and cannot be rolled back')
        stack.token = request.get('ClientRequestToken')
        keep_new = not request.get('RetainExceptOnCreate')
        self._in_background(lambda: self._deployment(stack).roll_back('User Initiated', keep_new))
        return {'StackId': stack.id}

    def ContinueUpdateRollback(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stack(request)
        if stack.status != 'UPDATE_ROLLBACK_FAILED':
            raise ApiError(f'Stack [{stack.name}] is in {stack.status} state and has no rollback to continue')
        if request.get('ResourcesToSkip'):
            raise ApiError('The emulator cannot skip resources of a rollback')
        stack.token = request.get('ClientRequestToken')
        self._in_background(lambda: self._deployment(stack).roll_back('User Initiated'))
        return {}

    def DescribeStacks(self, request: dict[str, Any]) -> dict[str, Any]:
        if 'StackName' in request:
            return {'Stacks': [stack_description(self._stack(request))]}
        return {'Stacks': [stack_description(stack) for stack in self.stacks.living()]}

    def ListStacks(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get('StackStatusFilter')
        found = [stack for stack in self.stacks.by_id.values() if wanted is None or stack.status in wanted]
        return {'StackSummaries': [stack_description(stack) for stack in found]}

    def DescribeStackEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        return {'StackEvents': [event_description(event) for event in reversed(self._stack(request).events)]}

    def DescribeStackResources(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stack(request)
        wanted = request.get('LogicalResourceId')
        found = [r for r in stack.resources.values() if wanted is None or r.logical_id == wanted]
        return {'StackResources': [resource_description(stack, resource) for resource in found]}

    def DescribeStackResource(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stack(request)
        resource = stack.resources.get(request['LogicalResourceId'])
        if resource is None:
            raise ApiError(f'Resource {request["LogicalResourceId"]} does not exist for stack {stack.name}')
        return {'StackResourceDetail': resource_description(stack, resource)}

    def ListStackResources(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stack(request)
        return {'StackResourceSummaries': [resource_description(stack, r) for r in stack.resources.values()]}

    def GetTemplate(self, request: dict[str, Any]) -> dict[str, Any]:
        if 'ChangeSetName' in request:
            return {'TemplateBody': self._change_set(request).template.text}
        template = self._stack(request).template
        return {'TemplateBody': template.text if template else '{}'}

    def GetTemplateSummary(self, request: dict[str, Any]) -> dict[str, Any]:
        template = self._template(request, self.stacks.find(request.get('StackName', '')))
        return {
            'Parameters': [
                {'ParameterKey': name, 'ParameterType': declared['Type'], 'DefaultValue': declared.get('Default')}
                for name, declared in template.parameters.items()
            ],
            'ResourceTypes': sorted({resource['Type'] for resource in template.resources.values()}),
        }

    def ValidateTemplate(self, request: dict[str, Any]) -> dict[str, Any]:
        return {'Description': self._template(request, None).description}

    def ListExports(self, request: dict[str, Any]) -> dict[str, Any]:
        exports = self.stacks.exports().items()
        return {'Exports': [{'ExportingStackId': s.id, 'Name': name, 'Value': value} for name, (s, value) in exports]}

    def UpdateTerminationProtection(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._stack(request)
        stack.termination_protection = bool(request['EnableTerminationProtection'])
        return {'StackId': stack.id}

    def _change(self, stack: Stack, template: Template, request: dict[str, Any]) -> dict[str, Any]:
        raw, resolved = self._parameters(template, request, stack)
        scope = self._scope(stack, template, resolved)
        with_errors(lambda: check_rules(template, scope.evaluator))
        tags = {tag['Key']: tag['Value'] for tag in request.get('Tags', [])}
        if stack.template and not with_errors(lambda: preview(scope)) and tags == stack.tags and not outputs_change(scope):
            raise ApiError('No updates are to be performed.')
        self._must_keep_tags(stack, tags)
        stack.tags, stack.capabilities = tags, request.get('Capabilities', [])
        self._start(stack, request, template, raw, resolved)
        return {'StackId': stack.id}

    def _start(self, stack: Stack, request: dict[str, Any], template: Template, raw: Any, resolved: Any) -> None:
        if stack.status == 'REVIEW_IN_PROGRESS':
            stack.events.clear()
        if stack.status in PAUSED and not request.get('DisableRollback'):
            raise ApiError(
                f'This stack is currently in a non-terminal [{stack.status}] state. To update the stack from this state, '
                'please use the disable-rollback parameter with update-stack API. To rollback to the last known good '
                'state, use the rollback-stack API'
            )
        stack.disable_rollback = bool(request.get('DisableRollback'))
        stack.token = request.get('ClientRequestToken')
        self._in_background(lambda: self._deployment(stack).run(template, raw, resolved))

    def _in_background(self, work: Any) -> None:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(PATIENCE_S)

    def _deployment(self, stack: Stack) -> Deployment:
        return Deployment(stack, self.stacks, self.cloud)

    def _new_stack(self, name: str, request: dict[str, Any]) -> Stack:
        stack = Stack(name, self._arn(f'stack/{name}/{uuid.uuid4()}'), self.region, ACCOUNT, 'REVIEW_IN_PROGRESS')
        stack.termination_protection = bool(request.get('EnableTerminationProtection'))
        self.stacks.by_id[stack.id] = stack
        return stack

    def _template(self, request: dict[str, Any], stack: Stack | None) -> Template:
        if 'TemplateBody' in request:
            text = request['TemplateBody']
        elif 'TemplateURL' in request:
            text = self._download(request['TemplateURL'])
        elif stack is not None and stack.template is not None:
            return stack.template
        else:
            raise ApiError('Either Template URL or Template Body must be specified.')
        return with_errors(lambda: Template(text, self.region))

    def _download(self, url: str) -> str:
        address = urlparse(url)
        host, path = address.hostname or '', address.path.lstrip('/')
        if host.startswith('s3.') or host == urlparse(self.cloud.endpoint).hostname:
            bucket, key = path.split('/', 1)
        else:
            bucket, key = host.split('.')[0], path
        return self.cloud.client('s3', self.region).get_object(Bucket=bucket, Key=key)['Body'].read().decode()

    def _parameters(self, template: Template, request: dict[str, Any], stack: Stack) -> tuple[Any, Any]:
        given = request.get('Parameters', [])
        return with_errors(
            lambda: resolve_parameters(
                template, given, stack.parameters, lambda service: self.cloud.client(service, self.region)
            )
        )

    def _scope(self, stack: Stack, template: Template, resolved: dict[str, Any]) -> StackScope:
        return StackScope(
            stack, template, resolved, self.stacks, lambda service: self.cloud.client(service, self.region), set()
        )

    def _stack(self, request: dict[str, Any]) -> Stack:
        stack = self.stacks.find(request['StackName'])
        if stack is None:
            raise ApiError(f'Stack with id {request["StackName"]} does not exist')
        return stack

    def _change_set(self, request: dict[str, Any]) -> ChangeSet:
        wanted = request['ChangeSetName']
        for change_set in self.stacks.change_sets.values():
            of_stack = request.get('StackName') in (None, change_set.stack.name, change_set.stack.id)
            if change_set.id == wanted or (change_set.name == wanted and of_stack and 'StackName' in request):
                return change_set
        raise ApiError(f'ChangeSet [{wanted}] does not exist', 'ChangeSetNotFound')

    def _must_rest(self, stack: Stack, dead_ends: tuple[str, ...] = DEAD_ENDS) -> None:
        is_busy = stack.status.endswith('_IN_PROGRESS') and stack.status != 'REVIEW_IN_PROGRESS'
        if is_busy or stack.status in dead_ends:
            raise ApiError(f'Stack:{stack.id} is in {stack.status} state and can not be updated.')

    def _must_keep_tags(self, stack: Stack, tags: dict[str, str]) -> None:
        """CloudFormation would write them to every resource. Better no answer than a wrong one."""
        if stack.template is not None and tags != stack.tags:
            raise ApiError(f'The emulator cannot change the tags of the stack {stack.name}: destroy it, and deploy it anew')

    def _arn(self, resource: str) -> str:
        return f'arn:{self.partition}:cloudformation:{self.region}:{ACCOUNT}:{resource}'


def with_errors(work: Any) -> Any:
    try:
        return work()
    except TemplateError as error:
        raise ApiError(f'Template format error: {error}') from None
