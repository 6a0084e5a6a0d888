"""The grammar of policies, by cfn-lint's schemas: a resource type's own schema takes any object for one."""

import functools
import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from .intrinsics import TemplateError

# Where there are policies, and of which kind.
POLICIES = {
    ('AWS::EC2::VPCEndpoint', 'PolicyDocument'): 'policy_resource',
    ('AWS::ECR::Repository', 'RepositoryPolicyText'): 'policy_resource_ecr',
    ('AWS::EFS::FileSystem', 'FileSystemPolicy'): 'policy_resource',
    ('AWS::IAM::ManagedPolicy', 'PolicyDocument'): 'policy_identity',
    ('AWS::IAM::Policy', 'PolicyDocument'): 'policy_identity',
    ('AWS::IAM::Role', 'AssumeRolePolicyDocument'): 'policy_trust',
    ('AWS::KMS::Key', 'KeyPolicy'): 'policy_resource',
    ('AWS::S3::BucketPolicy', 'PolicyDocument'): 'policy_resource',
    ('AWS::SNS::TopicPolicy', 'PolicyDocument'): 'policy_resource',
}
# A file system's policy is about that file system, whether it says so or not.
WITHOUT_RESOURCE = 'AWS::EFS::FileSystem'

PRINCIPALS = {'AWS', 'CanonicalUser', 'Federated', 'Service'}
CONDITION_KEYS = {
    'application-autoscaling': 'scalable-dimension service-namespace',
    'aws': """
        CalledVia CalledViaFirst CalledViaLast CurrentTime EpochTime FederatedProvider MultiFactorAuthAge
        MultiFactorAuthPresent PrincipalAccount PrincipalArn PrincipalIsAWSService PrincipalOrgID PrincipalOrgPaths
        PrincipalServiceName PrincipalServiceNamesList PrincipalTag PrincipalType RequestTag RequestedRegion
        ResourceAccount ResourceOrgID ResourceOrgPaths ResourceTag SecureTransport SourceAccount SourceArn SourceIdentity
        SourceIp SourceOrgID SourceOrgPaths SourceVpc SourceVpcArn SourceVpce TagKeys TokenIssueTime UserAgent
        ViaAWSService VpcSourceIp VpceAccount VpceOrgID VpceOrgPaths referer userid username
    """,
    'ecs': 'account-setting capacity-provider cluster enable-execute-command service task task-definition',
    'elasticfilesystem': 'AccessPointArn AccessedViaMountTarget CreateAction Encrypted',
    'iam': 'AWSServiceName AssociatedResourceArn PassedToService PermissionsBoundary PolicyARN ResourceTag',
    'kms': """
        CallerAccount CustomerMasterKeySpec EncryptionAlgorithm EncryptionContext EncryptionContextKeys
        GrantConstraintType GrantIsForAWSResource GrantOperations KeyOrigin KeySpec KeyUsage ViaService
    """,
    's3': """
        DataAccessPointArn ExistingObjectTag ResourceAccount TlsVersion authType prefix signatureversion x-amz-acl
        x-amz-content-sha256 x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id
    """,
    'sts': 'ExternalId RoleSessionName SourceIdentity',
    'secretsmanager': 'Name ResourceTag SecretId VersionId VersionStage resource',
}
KNOWN = {f'{service}:{key}'.lower() for service, keys in CONDITION_KEYS.items() for key in keys.split()}


def check_policies(where: str, resource_type: str, properties: dict[str, Any]) -> None:
    """Refuses resolved properties with a policy that AWS would not take, or would not understand as it is meant."""
    for name, value in properties.items():
        kind = POLICIES.get((resource_type, name))
        if kind is not None:
            _check(f'{where}.{name}', kind, value, resource_type == WITHOUT_RESOURCE)
    if resource_type == 'AWS::IAM::Role':
        for index, policy in enumerate(properties.get('Policies', [])):
            _check(f'{where}.Policies.{index}.PolicyDocument', 'policy_identity', policy['PolicyDocument'], False)


def _check(where: str, kind: str, policy: Any, without_resource: bool) -> None:
    statements = policy.get('Statement', []) if isinstance(policy, dict) else []
    statements = statements if isinstance(statements, list) else [statements]
    if without_resource and statements:
        policy = policy | {'Statement': [{'Resource': '*'} | statement for statement in statements]}
    error = next(_validator(kind).iter_errors(policy), None)
    if error is not None:
        path = '.'.join([where, *map(str, error.absolute_path)])
        raise TemplateError(f'{path}: {error.message}')
    for statement in statements:
        for name in ('Principal', 'NotPrincipal'):
            principal = statement.get(name, {})
            unknown = set(principal) - PRINCIPALS if isinstance(principal, dict) else set()
            if unknown:
                raise TemplateError(f'{where}: {name} cannot be {", ".join(unknown)}')
        for operator, keys in statement.get('Condition', {}).items():
            for key in keys:
                if _stem(key) not in KNOWN:
                    raise TemplateError(f'{where}: the emulator does not know the condition key {key} ({operator})')


def _stem(key: str) -> str:
    """A key without what its user says himself: the name of a tag, or that of a part of an encryption context."""
    return ':'.join(key.split('/')[0].split(':')[:2]).lower()


# The schemas have keywords beside `$ref`, which count since this draft.
@functools.cache
def _validator(kind: str) -> Draft202012Validator:
    schema, common = _schema(kind), _schema('policy')
    registry = Registry().with_resources(
        [('policy', Resource.from_contents(common, DRAFT202012)), (schema['$id'], Resource.from_contents(schema, DRAFT202012))]
    )
    return validators.extend(Draft202012Validator, {'requiredXor': _required_xor})(schema, registry=registry)


def _schema(name: str) -> Any:
    return json.loads((resources.files('cfnlint.data.schemas.other.iam') / f'{name}.json').read_text())


def _required_xor(_: Any, names: list[str], value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, dict) and sum(name in value for name in names) != 1:
        yield ValidationError(f'one of {", ".join(names)} is demanded')
