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
# What IAM lets nobody narrow down to a resource.
OF_ANYTHING = ('elasticloadbalancing:DescribeTargetHealth',)


def refusal(cloud: Cloud, request: Request, service: str, region: str, role: str) -> str | None:
    """Why it may not, as AWS says it."""
    action, parameters = _asked(request, service)
    described = _describe(cloud, service, region, parameters)
    subject = '*' if action in OF_ANYTHING else described['ARN']
    iam = cloud.client('iam', region)
    if not permissions.allows(iam, role, action, subject, described.get('Conditions')):
        return f'User: {role} is not authorized to perform: {action} on resource: {subject}'
    key = described.get('KmsKeyId')
    return _undecrypted(cloud, service, region, role, key) if key and action in DECRYPTING else None


def _asked(request: Request, service: str) -> tuple[str, dict[str, Any]]:
    """The permission that a request needs, and its parameters."""
    body, target = request.get_data(), request.headers.get('X-Amz-Target')
    if target is not None:
        return f'{service}:{target.split(".")[-1]}', json.loads(body or b'{}')
    parameters = {name: value for name, (value, *_) in urllib.parse.parse_qs(body.decode('latin-1')).items()}
    if 'Action' not in parameters:
        raise NotImplementedError(f'The emulator cannot tell what {request.method} {request.path} of {service} needs')
    return f'{service}:{parameters["Action"]}', parameters


def _describe(cloud: Cloud, service: str, region: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """What a call is about: the whole ARN, for which permissions are, the key, and what conditions may ask for."""
    here = f'{region}:{ACCOUNT}'
    match service:
        case 'ecs':
            # One service at a time, by its ARN.
            return {'ARN': parameters['service'] if 'service' in parameters else parameters['services'][0]}
        case 'events':
            return {'ARN': f'arn:{get_partition(region)}:events:{here}:rule/{parameters["Name"]}'}
        case 'application-autoscaling':
            return {
                'ARN': f'arn:{get_partition(region)}:application-autoscaling:{here}:scalable-target/0ec5',
                'Conditions': {
                    'application-autoscaling:service-namespace': parameters['ServiceNamespace'],
                    'application-autoscaling:scalable-dimension': parameters['ScalableDimension'],
                },
            }
        case 'elasticloadbalancing':
            return {'ARN': parameters['TargetGroupArn']}
        case 'cloudformation':
            return {'ARN': parameters['StackName']}
        case 'rds':
            return {'ARN': f'arn:{get_partition(region)}:rds:{here}:snapshot:{parameters["DBSnapshotIdentifier"]}'}
    subject = parameters.get(SUBJECTS.get(service, ''))
    return _describe_stored(cloud, service, region, subject) if subject else {'ARN': '*'}


def _describe_stored(cloud: Cloud, service: str, region: str, subject: str) -> dict[str, Any]:
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
