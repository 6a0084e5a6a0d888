"""Who may use a key of KMS."""

import json
from typing import Any

from botocore.exceptions import ClientError

from cloudformation import permissions
from cloudformation.resource import Context, Failure


def is_of_aws(key: str) -> bool:
    return 'alias/aws/' in key


def described(context: Context, key: str) -> dict[str, Any]:
    """A key by its id, its ARN or an alias."""
    try:
        return context.aws('kms').describe_key(KeyId=key)['KeyMetadata']
    except ClientError:
        raise Failure(f'The KMS key {key} does not exist.') from None


def refusal(context: Context, key: str, role: str | None, action: str, service: str, **more: str) -> str | None:
    """
    Why a role may not use a key by way of a service, if it may not. A key's own policy decides; it can leave it to
    the policies of its account.
    """
    found = described(context, key)
    if found['KeyState'] != 'Enabled':
        return f'the key {found["Arn"]} is {found["KeyState"]}'
    given = {'kms:ViaService': f'{service}.{context.region}.amazonaws.com', 'kms:CallerAccount': context.account} | more
    policy = json.loads(context.aws('kms').get_key_policy(KeyId=found['KeyId'], PolicyName='default')['Policy'])
    effects = permissions.decided_for(policy, role or '', action, found['Arn'], given)
    by_account = 'Account' in effects and (
        role is None or permissions.allows(context.aws('iam'), role, action, found['Arn'], given)
    )
    if 'Deny' not in effects and ('Allow' in effects or by_account):
        return None
    return f'{action} on {found["Arn"]} is not allowed'


def usable(context: Context, key: str, service: str) -> str:
    """The ARN of a key that a service is to encrypt with, for whoever deploys."""
    found = described(context, key)
    if found['KeySpec'] != 'SYMMETRIC_DEFAULT':
        raise Failure(f'The KMS key {key} must be one for symmetric encryption, not {found["KeySpec"]}.')
    for action in ('kms:CreateGrant', 'kms:GenerateDataKey', 'kms:Decrypt'):
        # Services use it by a grant, which is for them as part of AWS.
        grant = {'kms:GrantIsForAWSResource': 'true'} if action == 'kms:CreateGrant' else {}
        if problem := refusal(context, key, None, action, service, **grant):
            raise Failure(
                f'The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to access '
                f'it: {problem} to this account by way of {service}.'
            )
    return found['Arn']
