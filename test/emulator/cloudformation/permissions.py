"""What a role may do, by its policies as they are now."""

import fnmatch
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from .resource import Failure

Conditions = dict[str, dict[str, Any]]


def allows(iam: Any, role_arn: str, action: str, resource: str, given: dict[str, str] | None = None) -> bool:
    """Whether a role may do something, by its own policies within its boundary. `given` are condition keys."""
    return verdict(iam, role_arn, action, resource, given or {}) == 'Allow'


def verdict(iam: Any, role_arn: str, action: str, resource: str, given: dict[str, str]) -> str | None:
    """What a role's own policies, and its boundary, say of something: 'Allow', 'Deny', or nothing."""
    role = role_arn.split('/')[-1]
    own = [decided(policy, action, resource, given) for policy in _policies(iam, role)]
    boundary = iam.get_role(RoleName=role)['Role'].get('PermissionsBoundary')
    limit = 'Allow'
    if boundary is not None:
        limit = decided(_document(iam, boundary['PermissionsBoundaryArn']), action, resource, given)
    if 'Deny' in (limit, *own):
        return 'Deny'
    return 'Allow' if limit == 'Allow' and 'Allow' in own else None


def decided_for(policy: dict[str, Any], role_arn: str, action: str, resource: str, given: dict[str, str]) -> set[str]:
    """
    What the policy of a resource says of a role: 'Deny'; 'Allow' of the role itself or of everybody; 'Account' where it
    leaves it to the policies of the account. No role is somebody unknown.
    """
    effects = set()
    for statement in _list(policy['Statement']):
        whom = _whom(statement.get('Principal', {}), role_arn)
        if whom is not None and decided({'Statement': [{'Resource': '*'} | statement]}, action, resource, given):
            effects.add('Deny' if statement['Effect'] == 'Deny' else whom)
    return effects


def admits_service(policy: dict[str, Any], service: str, action: str, resource: str, given: dict[str, str]) -> bool:
    """Whether the policy of a resource lets a service of AWS in."""
    effects = {
        decided({'Statement': [{'Resource': '*'} | statement]}, action, resource, given)
        for statement in _list(policy['Statement'])
        if _is_principal(statement.get('Principal', {}), service)
    }
    return 'Allow' in effects and 'Deny' not in effects


def _whom(principal: Any, role_arn: str) -> str | None:
    named = ['*'] if principal == '*' else _list(principal.get('AWS', []))
    if '*' in named or (role_arn and role_arn in named):
        return 'Allow'
    return 'Account' if any(re.fullmatch(r'\d{12}|arn:[^:]+:iam::\d{12}:root', each) for each in named) else None


def trusts(iam: Any, role_arn: str, service: str, region: str) -> bool:
    """Whether a service may take on a role, for something of the same account and region."""
    policy = iam.get_role(RoleName=role_arn.split('/')[-1])['Role']['AssumeRolePolicyDocument']
    statements = _list((policy if isinstance(policy, dict) else json.loads(unquote(policy)))['Statement'])
    partition, account = role_arn.split(':')[1], role_arn.split(':')[4]
    name = service.split('.')[0].removesuffix('-tasks')
    given = {'aws:SourceAccount': account, 'aws:SourceArn': f'arn:{partition}:{name}:{region}:{account}:any'}
    effects = {
        statement['Effect']
        for statement in statements
        if _is_principal(statement.get('Principal', {}), service)
        and _matches(statement, 'Action', 'sts:assumerole', str.lower)
        and _holds(statement.get('Condition', {}), given)
    }
    return effects == {'Allow'}


def _is_principal(principal: Any, service: str) -> bool:
    return principal == '*' or service in _list(principal.get('Service', []))


def _policies(iam: Any, role: str) -> list[dict[str, Any]]:
    inline = [
        iam.get_role_policy(RoleName=role, PolicyName=name)['PolicyDocument']
        for name in iam.list_role_policies(RoleName=role)['PolicyNames']
    ]
    attached = [
        _document(iam, policy['PolicyArn'])
        for policy in iam.list_attached_role_policies(RoleName=role)['AttachedPolicies']
    ]
    return inline + attached


def _document(iam: Any, arn: str) -> dict[str, Any]:
    version = iam.get_policy(PolicyArn=arn)['Policy']['DefaultVersionId']
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)['PolicyVersion']['Document']


def decided(policy: dict[str, Any], action: str, resource: str, given: dict[str, str]) -> str | None:
    """What a policy alone says of something: 'Allow', 'Deny', or nothing."""
    effects = {
        statement['Effect']
        for statement in _list(policy['Statement'])
        if _matches(statement, 'Action', action.lower(), str.lower)
        and _matches(statement, 'Resource', resource, str)
        and _holds(statement.get('Condition', {}), given)
    }
    return 'Deny' if 'Deny' in effects else 'Allow' if 'Allow' in effects else None


def _matches(statement: dict[str, Any], what: str, asked: str, folded: Any) -> bool:
    if what in statement:
        return any(_like(asked, folded(pattern)) for pattern in _list(statement[what]))
    return not any(_like(asked, folded(pattern)) for pattern in _list(statement[f'Not{what}']))


def _like(text: str, pattern: str) -> bool:
    # Of the wildcards of `fnmatch` IAM has these two only.
    return fnmatch.fnmatchcase(text, pattern.replace('[', '[[]'))


def _holds(conditions: Conditions, given: dict[str, str]) -> bool:
    by_key = {key.lower(): value for key, value in given.items()}
    return all(
        _compares(operator, by_key.get(key.lower()), [str(one) for one in _list(wanted)])
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _compares(operator: str, value: str | None, wanted: list[str]) -> bool:
    name = operator.split(':')[-1].removesuffix('IfExists')
    if name == 'Null':
        return (value is None) == (wanted[0].lower() == 'true')
    negated, compare = 'Not' in name, COMPARISONS.get(name.replace('Not', ''))
    if compare is None:
        raise Failure(f'The emulator does not know the operator {operator} of a condition in a policy')
    if value is None:
        # Of a key that is not there IAM says that it differs.
        return negated or name != operator
    return any(compare(value, one) for one in wanted) != negated


# The operators, those that negate without their `Not`.
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    'StringEquals': lambda value, wanted: value == wanted,
    'StringEqualsIgnoreCase': lambda value, wanted: value.lower() == wanted.lower(),
    'StringLike': _like,
    'ArnEquals': _like,
    'ArnLike': _like,
    'Bool': lambda value, wanted: value.lower() == wanted.lower(),
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
