"""Dynamic references: `{{resolve:…}}` in a text, which CloudFormation replaces by the value when it makes the resource."""

import json
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from .intrinsics import TemplateError

SECRET_ID = r'arn:[^:}]+:secretsmanager:[^:}]*:[^:}]*:secret:[^:}]+|[^:}]+'
REFERENCE = re.compile(
    rf'\{{\{{resolve:(?:secretsmanager:(?P<secret>{SECRET_ID})'
    r'(?::(?P<part>[^:}]*))?(?::(?P<field>[^:}]*))?(?::(?P<stage>[^:}]*))?(?::(?P<version>[^:}]*))?'
    r'|(?P<store>ssm|ssm-secure):(?P<parameter>[^:}]+)(?::(?P<number>\d+))?)\}\}'
)


def resolve(value: Any, aws: Callable[[str], Any], where: str) -> Any:
    """The value with the dynamic references in its texts replaced."""
    if isinstance(value, dict):
        return {name: resolve(member, aws, f'{where}.{name}') for name, member in value.items()}
    if isinstance(value, list):
        return [resolve(item, aws, f'{where}.{index}') for index, item in enumerate(value)]
    if not isinstance(value, str) or '{{resolve:' not in value:
        return value
    resolved = REFERENCE.sub(lambda match: _look_up(match, aws, where), value)
    if '{{resolve:' in resolved:
        raise TemplateError(f'{where}: this is no dynamic reference that CloudFormation knows: {value}')
    return resolved


def _look_up(match: re.Match[str], aws: Callable[[str], Any], where: str) -> str:
    try:
        if match['store']:
            name = f'{match["parameter"]}:{match["number"]}' if match['number'] else match['parameter']
            return aws('ssm').get_parameter(Name=name, WithDecryption=True)['Parameter']['Value']
        return _secret(match, aws)
    except (ClientError, KeyError, ValueError, TypeError) as error:
        # What a value holds is nobody's business: of a wrong one only its reference is told.
        why = error.response['Error']['Message'] if isinstance(error, ClientError) else _why(error)
        raise TemplateError(f'{where}: {match[0]} cannot be resolved: {why}') from None


def _secret(match: re.Match[str], aws: Callable[[str], Any]) -> str:
    if match['part'] not in (None, '', 'SecretString'):
        raise KeyError('SecretString')
    choice = {'VersionStage': match['stage'], 'VersionId': match['version']}
    answer = aws('secretsmanager').get_secret_value(
        SecretId=match['secret'], **{name: value for name, value in choice.items() if value}
    )
    text = answer['SecretString']
    return str(json.loads(text)[match['field']]) if match['field'] else text


def _why(error: Exception) -> str:
    return f'it has no field {error}' if isinstance(error, KeyError) else 'it is no JSON object'
