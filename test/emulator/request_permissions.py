"""Whether a function of a stack may do by its role what it asks for."""

import json
import urllib.parse
from typing import Any

from moto.utilities.utils import get_partition
from werkzeug.wrappers import Request

from cloudformation import permissions
from cloudformation.cloud import ACCOUNT, Cloud
from cloudformation.resource import Context

# By the service, the parameter of its calls that says what they are about.
SUBJECTS = {'secretsmanager': 'SecretId', 'ssm': 'Name'}
DECRYPTING = ('secretsmanager:GetSecretValue', 'ssm:GetParameter')


def refusal(cloud: Cloud, request: Request, service: str, region: str, role: str) -> str | None:
    """Why it may not, as AWS says it."""
    action, subject = _asked(request, service)
    described = _describe(cloud, service, region, subject) if subject else {'ARN': '*'}
    iam = cloud.client('iam', region)
    if not permissions.allows(iam, role, action, described['ARN']):
        return f'User: {role} is not authorized to perform: {action} on resource: {described["ARN"]}'
    key = described.get('KmsKeyId')
    return _undecrypted(cloud, service, region, role, key) if key and action in DECRYPTING else None


def _asked(request: Request, service: str) -> tuple[str, str | None]:
    """The permission that a request needs, and for what."""
    body, target = request.get_data(), request.headers.get('X-Amz-Target')
    if target is not None:
        subject = json.loads(body or b'{}').get(SUBJECTS.get(service, ''))
        return f'{service}:{target.split(".")[-1]}', subject
    action = urllib.parse.parse_qs(body.decode('latin-1')).get('Action')
    if action is None:
        raise NotImplementedError(f'The emulator cannot tell what {request.method} {request.path} of {service} needs')
    return f'{service}:{action[0]}', None


def _describe(cloud: Cloud, service: str, region: str, subject: str) -> dict[str, Any]:
    """The whole ARN, for which permissions are, and the key."""
    client = cloud.client(service, region)
    if service == 'secretsmanager':
        try:
            return client.describe_secret(SecretId=subject)
        except client.exceptions.ResourceNotFoundException:
            return {'ARN': subject}
    name = subject.split(':parameter')[-1]
    found = client.describe_parameters(ParameterFilters=[{'Key': 'Name', 'Values': [name]}])['Parameters']
    arn = f'arn:{get_partition(region)}:ssm:{region}:{ACCOUNT}:parameter/{name.lstrip("/")}'
    return {'ARN': arn, 'KmsKeyId': found[0].get('KeyId') if found else None}


def _undecrypted(cloud: Cloud, service: str, region: str, role: str, key: str) -> str | None:
    # The handlers are loaded once the server knows where it is.
    from resources import key_use

    if key_use.is_of_aws(key):
        return None
    context = Context('', '', '', region, ACCOUNT, get_partition(region), lambda name: cloud.client(name, region))
    problem = key_use.refusal(context, key, role, 'kms:Decrypt', service)
    return f'User: {role} is not authorized to perform: kms:Decrypt ({problem})' if problem else None
