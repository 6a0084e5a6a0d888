"""Custom resources: their own handler runs, and answers at a URL as it would on AWS."""

import json
import uuid
from typing import Any

from . import lambda_process
from .resource import Context, Failure, Handler, Properties

PATH = '/_emulator/custom-resources/'
# The answers that arrived, by the last part of their URL.
ANSWERS: dict[str, dict[str, Any]] = {}


class CustomResource(Handler):
    # Its provider chooses it, and it may be any word.
    is_reference = False

    def create(self, context: Context, properties: Properties) -> str:
        return self._ask(context, 'Create', _all(properties))

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> str | None:
        new.taken.update(old)
        return self._ask(context, 'Update', _all(new), OldResourceProperties=_as_sent(old))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        self._ask(context, 'Delete', properties)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return context.learned

    def _ask(self, context: Context, request: str, properties: dict[str, Any], **more: Any) -> str:
        token = str(uuid.uuid4())
        event = {
            'RequestType': request,
            'ServiceToken': properties['ServiceToken'],
            'ResponseURL': context.aws('lambda').meta.endpoint_url + PATH + token,
            'StackId': context.stack_id,
            'RequestId': token,
            'ResourceType': 'AWS::CloudFormation::CustomResource',
            'LogicalResourceId': context.logical_id,
            'ResourceProperties': _as_sent(properties),
            **({'PhysicalResourceId': context.physical_id} if context.physical_id else {}),
            **more,
        }
        problem = lambda_process.run(context, properties['ServiceToken'], event)
        answer = ANSWERS.pop(token, None)
        if answer is None:
            raise Failure(f'CloudFormation did not receive a response from your Custom Resource. {problem or ""}'.strip())
        if any(answer.get(name) != event[name] for name in ('StackId', 'RequestId', 'LogicalResourceId')):
            raise Failure('Invalid response: it is for another stack, request or resource.')
        if answer.get('Status') != 'SUCCESS':
            failure = Failure(f'Received response status [FAILED] from custom resource. Message returned: {answer.get("Reason")}')
            failure.physical_id = answer.get('PhysicalResourceId')
            raise failure
        if not answer.get('PhysicalResourceId'):
            raise Failure('Invalid PhysicalResourceId: a response must have one.')
        context.learned = answer.get('Data') or {}
        return answer['PhysicalResourceId']


HANDLER = CustomResource()


def receive(token: str, body: bytes) -> None:
    ANSWERS[token] = json.loads(body)


def _all(properties: Properties) -> dict[str, Any]:
    properties.taken.update(properties.values)
    return properties.values


def _as_sent(value: Any) -> Any:
    """CloudFormation sends every scalar as a text."""
    if isinstance(value, dict):
        return {name: _as_sent(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_as_sent(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)
