"""What ECS reads for a task before it starts: Secrets, parameters, and who it is to a registry."""

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from . import key_use
from .stopped_tasks import not_started
from .task_launch import Launch

SECRET = re.compile(r'^(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+|[^:]+)(?::([^:]*):([^:]*):([^:]*))?$')


def value_of(launch: Launch, container: str, secret: dict[str, str]) -> str:
    """What the container is told."""
    what = f'the secret {secret["name"]} of the container {container} ({secret["valueFrom"]})'
    if ':secretsmanager:' not in secret['valueFrom']:
        # A name or an ARN of no other service is that of a parameter.
        return _parameter(launch, secret['valueFrom'], what)
    found = SECRET.match(secret['valueFrom'])
    if found is None:
        raise not_started(f'{what} is not the name of a Secret')
    value = read_secret(launch, found[1], what, VersionStage=found[3], VersionId=found[4])
    if not found[2]:
        return value
    fields = _fields(value)
    if fields is None:
        raise not_started(f'{what} is no JSON object')
    if found[2] not in fields:
        raise not_started(f'retrieved secret from Secrets Manager did not contain json key {found[2]}: {what}')
    return str(fields[found[2]])


def read_secret(launch: Launch, name: str, what: str, **which: str | None) -> str:
    manager = launch.context.aws('secretsmanager')
    try:
        version = {parameter: value for parameter, value in which.items() if value}
        answer = manager.get_secret_value(SecretId=name, **version)
        key = manager.describe_secret(SecretId=name).get('KmsKeyId')
    except ClientError as error:
        raise not_started(f'unable to retrieve {what}: {error.response["Error"]["Message"]}') from None
    action = 'secretsmanager:GetSecretValue'
    launch.execution_role_must(action, answer['ARN'], what)
    _must_decrypt(launch, key, 'secretsmanager', what)
    launch.must_reach('secretsmanager', action, answer['ARN'], f'retrieve {what}')
    return answer.get('SecretString', '')


def check_credentials(launch: Launch, container: dict[str, Any]) -> None:
    """Those by which a private registry is asked for the image."""
    arn = container['repositoryCredentials']['credentialsParameter']
    what = f'the credentials of the container {container["name"]} ({arn})'
    fields = _fields(read_secret(launch, arn, what))
    missing = [name for name in ('username', 'password') if not (fields or {}).get(name)]
    if missing:
        raise not_started(f'{what} must be a JSON object with username and password: {", ".join(missing)} is missing')


def _parameter(launch: Launch, name_or_arn: str, what: str) -> str:
    name = name_or_arn.split(':parameter')[-1]
    try:
        parameter = launch.context.aws('ssm').get_parameter(Name=name, WithDecryption=True)['Parameter']
        described = launch.context.aws('ssm').describe_parameters(ParameterFilters=[{'Key': 'Name', 'Values': [name]}])
    except ClientError:
        raise not_started(f'unable to retrieve {what}: the parameter {name} does not exist') from None
    launch.execution_role_must('ssm:GetParameters', parameter['ARN'], what)
    _must_decrypt(launch, described['Parameters'][0].get('KeyId'), 'ssm', what)
    launch.must_reach('ssm', 'ssm:GetParameters', parameter['ARN'], f'retrieve {what}')
    return parameter['Value']


def _must_decrypt(launch: Launch, key: str | None, service: str, what: str) -> None:
    """Those keys of AWS itself that services have everybody may use who may use the service."""
    if key is None or key_use.is_of_aws(key):
        return
    problem = key_use.refusal(launch.context, key, launch.execution_role, 'kms:Decrypt', service)
    if problem:
        raise not_started(f'the execution role {launch.execution_role} cannot decrypt {what}: {problem}')


def _fields(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
