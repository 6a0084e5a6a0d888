"""AWS::S3"""

import json
import re
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from cloudformation.resource import Context, Handler, Properties, handles

# moto applies each statement of a bucket policy as if it had no condition: one that refuses requests without TLS would
# refuse all of them.
FakeBucket.get_permission = lambda bucket, action, resource: PermissionResult.NEUTRAL  # type: ignore[method-assign]


@handles('AWS::S3::Bucket')
class Bucket(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('BucketName') or context.name(63).lower()
        where = {} if context.region == 'us-east-1' else {'LocationConstraint': context.region}
        context.aws('s3').create_bucket(Bucket=name, **({'CreateBucketConfiguration': where} if where else {}))
        context.physical_id = name
        self._configure(context, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._configure(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('s3').delete_bucket(Bucket=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        name = context.physical_id
        return {
            'Arn': f'arn:{context.partition}:s3:::{name}',
            'DomainName': f'{name}.s3.amazonaws.com',
            'RegionalDomainName': f'{name}.s3.{context.region}.amazonaws.com',
        }

    def _configure(self, context: Context, properties: Properties) -> None:
        s3, name = context.aws('s3'), context.physical_id
        if tags := context.tags(properties.take('Tags')):
            s3.put_bucket_tagging(Bucket=name, Tagging={'TagSet': tags})
        if acl := properties.take('AccessControl'):
            s3.put_bucket_acl(Bucket=name, ACL=re.sub(r'(?<!^)(?=[A-Z])', '-', acl).lower())
        if access := properties.take('PublicAccessBlockConfiguration'):
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=access)
        if versioning := properties.take('VersioningConfiguration'):
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
        if encryption := properties.take('BucketEncryption'):
            rules = [_encryption_rule(rule) for rule in encryption['ServerSideEncryptionConfiguration']]
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={'Rules': rules})
        if lifecycle := properties.take('LifecycleConfiguration'):
            rules = [_lifecycle_rule(rule) for rule in lifecycle['Rules']]
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={'Rules': rules})


@handles('AWS::S3::BucketPolicy')
class BucketPolicy(Handler):
    is_reference = False

    def create(self, context: Context, properties: Properties) -> str:
        bucket = properties.take('Bucket')
        context.aws('s3').put_bucket_policy(Bucket=bucket, Policy=json.dumps(properties.take('PolicyDocument')))
        return bucket

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self.create(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('s3').delete_bucket_policy(Bucket=properties['Bucket'])


def _encryption_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation's names are not the API's here."""
    default = rule.pop('ServerSideEncryptionByDefault', None)
    return rule | ({'ApplyServerSideEncryptionByDefault': default} if default else {})


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """Here neither."""
    made: dict[str, Any] = {'ID': rule.pop('Id', 'rule'), 'Status': rule.pop('Status'), 'Filter': {'Prefix': rule.pop('Prefix', '')}}
    if (days := rule.pop('ExpirationInDays', None)) is not None:
        made['Expiration'] = {'Days': days}
    if (old := rule.pop('NoncurrentVersionExpiration', None)) is not None:
        made['NoncurrentVersionExpiration'] = old
    if (abort := rule.pop('AbortIncompleteMultipartUpload', None)) is not None:
        made['AbortIncompleteMultipartUpload'] = abort
    return made | rule
