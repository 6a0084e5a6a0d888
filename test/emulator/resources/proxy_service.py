"""Whether a proxy of RDS could serve its clients: it connects by itself, to its target, with what is in its Secrets."""

import json
from typing import Any

from cloudformation import permissions
from cloudformation.resource import Context

from . import key_use
from .reachability import reaches

PORTS = {'POSTGRESQL': 5432, 'MYSQL': 3306, 'SQLSERVER': 1433}


def problem(context: Context, proxy: dict[str, Any]) -> str | None:
    """Why it could not, if so."""
    targets = context.aws('rds').describe_db_proxy_targets(DBProxyName=proxy['DBProxyName'])['Targets']
    if not targets:
        return 'it has no target'
    for target in targets:
        groups, port = _entrance(context, target['RdsResourceId'], target['Type'])
        if not reaches(context, proxy['VpcSecurityGroupIds'], groups, port):
            name = target['RdsResourceId']
            return f'it does not reach {name}: the security groups let nothing through on TCP port {port}'
    if not proxy['Auth']:
        return 'it has no credentials'
    return next(filter(None, (_credentials(context, proxy['RoleArn'], auth['SecretArn']) for auth in proxy['Auth'])), None)


def _entrance(context: Context, name: str, kind: str) -> tuple[list[str], int]:
    rds = context.aws('rds')
    if kind == 'TRACKED_CLUSTER':
        (found,) = rds.describe_db_clusters(DBClusterIdentifier=name)['DBClusters']
        port = found['Port']
    else:
        (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)['DBInstances']
        port = found['Endpoint']['Port']
    return [group['VpcSecurityGroupId'] for group in found['VpcSecurityGroups']], port


def _credentials(context: Context, role: str, secret: str) -> str | None:
    manager, action = context.aws('secretsmanager'), 'secretsmanager:GetSecretValue'
    described = manager.describe_secret(SecretId=secret)
    if not permissions.allows(context.aws('iam'), role, action, described['ARN']):
        return f'its role {role} is not authorized to perform {action} on {secret}'
    key = described.get('KmsKeyId')
    if key and not key_use.is_of_aws(key):
        if refused := key_use.refusal(context, key, role, 'kms:Decrypt', 'secretsmanager'):
            return f'its role {role} cannot decrypt {secret}: {refused}'
    try:
        fields = json.loads(manager.get_secret_value(SecretId=secret)['SecretString'])
    except ValueError:
        fields = {}
    missing = [name for name in ('username', 'password') if not isinstance(fields, dict) or not fields.get(name)]
    return f'the Secret {secret} has no {" and no ".join(missing)}' if missing else None
