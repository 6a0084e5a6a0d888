"""The parameters of a template: what was given, what is allowed, and what the rules say."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from .intrinsics import TemplateError
from .template import Template

SSM = 'AWS::SSM::Parameter::Value<'


def resolve_parameters(
    template: Template,
    given: list[dict[str, Any]],
    previous: dict[str, Any],
    aws: Callable[[str], Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters as they are given, and as `Ref` sees them."""
    by_name = {parameter['ParameterKey']: parameter for parameter in given}
    unknown = sorted(set(by_name) - set(template.parameters))
    if unknown:
        raise TemplateError(f'Parameters: [{", ".join(unknown)}] do not exist in the template')
    raw, resolved = {}, {}
    for name, declared in template.parameters.items():
        parameter = by_name.get(name, {})
        if parameter.get('UsePreviousValue'):
            value = previous.get(name)
        else:
            value = parameter.get('ParameterValue', declared.get('Default'))
        if value is None:
            raise TemplateError(f'Parameters: [{name}] must have values')
        allowed = declared.get('AllowedValues')
        if allowed is not None and str(value) not in map(str, allowed):
            raise TemplateError(f'Parameter {name} is {value!r}, and must be one of {", ".join(map(str, allowed))}')
        raw[name] = str(value)
        resolved[name] = _value(name, declared['Type'], str(value), aws)
    return raw, resolved


def _value(name: str, declared: str, value: str, aws: Callable[[str], Any]) -> Any:
    if declared.startswith(SSM):
        try:
            value = aws('ssm').get_parameter(Name=value)['Parameter']['Value']
        except ClientError:
            raise TemplateError(f'Unable to fetch parameters [{value}] from parameter store for {name}') from None
        declared = declared.removeprefix(SSM).removesuffix('>')
    is_list = declared == 'CommaDelimitedList' or declared.startswith('List<')
    return [item.strip() for item in value.split(',')] if is_list else value


def check_rules(template: Template, evaluator: Any) -> None:
    for name, rule in template.rules.items():
        if 'RuleCondition' in rule and not evaluator.value(rule['RuleCondition'], f'Rules.{name}'):
            continue
        for assertion in rule['Assertions']:
            if not evaluator.value(assertion['Assert'], f'Rules.{name}'):
                raise TemplateError(f'Template validation error: {assertion.get("AssertDescription", name)}')
