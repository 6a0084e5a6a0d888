"""A Lambda function, run by Node on this machine, as far as it may: with its role's permissions and nothing else."""

import base64
import io
import json
import os
import pathlib
import subprocess
import tempfile
import time
import uuid
import zipfile
from typing import Any

from moto.backends import get_backend

from . import permissions
from .cloud import ROLE_OF_KEY
from .resource import Context, Failure

RUNNER = pathlib.Path(__file__).with_name('lambda_runner.cjs')


def run(context: Context, function_arn: str, event: dict[str, Any]) -> str | None:
    """Runs a function with an event. Returns what went wrong, if something did."""
    backend = get_backend('lambda')[context.account][context.region]
    try:
        function = backend.get_function(function_arn)
    except Exception:
        raise Failure(f'Function not found: {function_arn}') from None
    if not function.run_time.startswith('nodejs'):
        raise Failure(f'The emulator runs functions of Node, not of {function.run_time} ({function_arn})')
    with tempfile.TemporaryDirectory() as directory:
        zipfile.ZipFile(io.BytesIO(_code(context, function))).extractall(directory)
        request_id = str(uuid.uuid4())
        told = json.dumps(
            {
                'event': event,
                'handler': function.handler,
                'timeout': int(function.timeout) * 1000,
                'context': {
                    'awsRequestId': request_id,
                    'functionName': function.function_name,
                    'functionVersion': '$LATEST',
                    'invokedFunctionArn': function_arn,
                    'logGroupName': _log_group(function),
                    'logStreamName': request_id,
                    'memoryLimitInMB': str(function.memory_size),
                },
            }
        )
        environment = _environment(context, function, directory)
        try:
            process = subprocess.run(
                [os.environ.get('EMULATOR_NODE', 'node'), str(RUNNER)],
                cwd=directory,
                env=environment,
                input=told,
                capture_output=True,
                text=True,
                timeout=int(function.timeout),
            )
        except subprocess.TimeoutExpired as expired:
            problem = f'{function.function_name} timed out after {function.timeout} s'
            printed = b''.join(text for text in (expired.stdout, expired.stderr) if text).decode()
            _log(context, function, request_id, f'{printed}\n{problem}')
            return problem
        finally:
            del ROLE_OF_KEY[environment['AWS_ACCESS_KEY_ID']]
    _log(context, function, request_id, process.stdout + process.stderr)
    return None if process.returncode == 0 else f'{function.function_name}: {process.stderr.strip()[-1000:]}'


def _code(context: Context, function: Any) -> bytes:
    if 'ZipFile' in function.code:
        return base64.b64decode(function.code['ZipFile'])
    place = {'Bucket': function.code['S3Bucket'], 'Key': function.code['S3Key']}
    return context.aws('s3').get_object(**place)['Body'].read()


def _environment(context: Context, function: Any, directory: str) -> dict[str, str]:
    assumed = context.aws('sts').assume_role(RoleArn=function.role, RoleSessionName=function.function_name)
    credentials = assumed['Credentials']
    ROLE_OF_KEY[credentials['AccessKeyId']] = function.role
    return (function.environment_vars or {}) | {
        'AWS_ACCESS_KEY_ID': credentials['AccessKeyId'],
        'AWS_ENDPOINT_URL': context.aws('lambda').meta.endpoint_url,
        # The SDK would read the profiles of whoever runs the emulator.
        'HOME': directory,
        'AWS_LAMBDA_FUNCTION_NAME': function.function_name,
        'AWS_REGION': context.region,
        'AWS_SECRET_ACCESS_KEY': credentials['SecretAccessKey'],
        'AWS_SESSION_TOKEN': credentials['SessionToken'],
        # Where the SDK is that Lambda's runtime brings along.
        'NODE_PATH': os.environ.get('EMULATOR_NODE_PATH', ''),
        'PATH': os.environ['PATH'],
    }


def _log_group(function: Any) -> str:
    return getattr(function, 'logging_config', {}).get('LogGroup') or f'/aws/lambda/{function.function_name}'


def _log(context: Context, function: Any, stream: str, text: str) -> None:
    """What the role does not let the function write is lost, as on AWS."""
    logs, group = context.aws('logs'), _log_group(function)

    def may(action: str, resource: str) -> bool:
        arn = context.arn('logs', f'log-group:{resource}')
        return permissions.allows(context.aws('iam'), function.role, f'logs:{action}', arn)

    into = f'{group}:log-stream:{stream}'
    if not may('CreateLogStream', into) or not may('PutLogEvents', into):
        return
    try:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    except logs.exceptions.ResourceNotFoundException:
        if not may('CreateLogGroup', group):
            return
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{'timestamp': int(time.time() * 1000), 'message': line} for line in text.splitlines() if line]
    if events:
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
