"""AWS::ECR::PullThroughCacheRule"""

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from cloudformation.resource import Context, Failure, Handler, Properties, handles

# The registries that ECR takes images from, by name; whether it must be told who asks there.
UPSTREAM = {
    'ecr-public': (r'public\.ecr\.aws', False),
    'k8s': (r'registry\.k8s\.io', False),
    'quay': (r'quay\.io', False),
    'docker-hub': (r'registry-1\.docker\.io', True),
    'github-container-registry': (r'ghcr\.io', True),
    'gitlab-container-registry': (r'registry\.gitlab\.com', True),
    'azure-container-registry': (r'[a-z0-9]+\.azurecr\.io', True),
}
SECRET = re.compile(r'arn:[^:]+:secretsmanager:(?P<region>[^:]+):(?P<account>\d+):secret:ecr-pullthroughcache/.+')

# The emulator has none. Of an account and region, by prefix.
RULES: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}


@handles('AWS::ECR::PullThroughCacheRule')
class PullThroughCacheRule(Handler):
    # It is a prefix, of names that others have as well.
    is_reference = False

    def create(self, context: Context, properties: Properties) -> str:
        prefix = properties.take('EcrRepositoryPrefix')
        rule = properties.given('CredentialArn', 'UpstreamRegistry', 'UpstreamRegistryUrl')
        rules = RULES.setdefault((context.account, context.region), {})
        if prefix in rules:
            raise Failure(
                f"A pull through cache rule already exists in the registry with id '{context.account}' with the prefix "
                f"'{prefix}'"
            )
        _check(context, rule)
        rules[prefix] = rule
        return prefix

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        rule = RULES[(context.account, context.region)][context.physical_id] | new.given('CredentialArn')
        _check(context, rule)
        RULES[(context.account, context.region)][context.physical_id] = rule

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        RULES.get((context.account, context.region), {}).pop(context.physical_id, None)


def rule_of(context: Context, repository: str) -> str | None:
    """The prefix of the rule by which a repository gets its images from elsewhere."""
    rules = RULES.get((context.account, context.region), {})
    return next((prefix for prefix in rules if repository.startswith(f'{prefix}/')), None)


def _check(context: Context, rule: dict[str, Any]) -> None:
    url, named = rule.get('UpstreamRegistryUrl', ''), rule.get('UpstreamRegistry')
    found = [(name, secret) for name, (pattern, secret) in UPSTREAM.items() if re.fullmatch(pattern, url)]
    if not found or named not in (None, found[0][0]):
        raise Failure(f'The specified upstream registry URL is not supported: {url} ({named or "of no name"}).')
    name, needs_secret = found[0]
    if not needs_secret:
        return
    arn = rule.get('CredentialArn')
    if arn is None:
        raise Failure(f'The upstream registry {name} needs CredentialArn.')
    where = SECRET.fullmatch(arn)
    if where is None or (where['region'], where['account']) != (context.region, context.account):
        raise Failure(
            f'CredentialArn: {arn} must be a Secret of this account and region with a name that starts with '
            "'ecr-pullthroughcache/'."
        )
    try:
        fields = json.loads(context.aws('secretsmanager').get_secret_value(SecretId=arn)['SecretString'])
    except (ClientError, ValueError):
        raise Failure(f'CredentialArn: unable to access the Secret {arn}, or it is no JSON object.') from None
    missing = [field for field in ('username', 'accessToken') if not isinstance(fields, dict) or not fields.get(field)]
    if missing:
        raise Failure(
            f'CredentialArn: the Secret {arn} must have username and accessToken: {", ".join(missing)} is missing.'
        )
