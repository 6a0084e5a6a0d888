"""AWS::ECR"""

import json
from typing import Any

from cloudformation.resource import Context, Handler, Properties, handles

from .tagging import replace


@handles('AWS::ECR::Repository')
class Repository(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('RepositoryName') or context.name(256).lower()
        scanning = properties.take('ImageScanningConfiguration')
        context.aws('ecr').create_repository(
            repositoryName=name,
            tags=context.tags(properties.take('Tags')),
            **properties.given(imageTagMutability='ImageTagMutability'),
            **({'imageScanningConfiguration': {'scanOnPush': scanning['ScanOnPush']}} if scanning else {}),
        )
        context.physical_id = name
        self._policies(context, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._policies(context, new)
        ecr, arn = context.aws('ecr'), self.attributes(context, new.values)['Arn']
        replace(
            old.get('Tags'),
            context.tags(new.take('Tags')),
            lambda keys: ecr.untag_resource(resourceArn=arn, tagKeys=keys),
            lambda tags: ecr.tag_resource(resourceArn=arn, tags=tags),
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ecr').delete_repository(repositoryName=context.physical_id, force=bool(properties.get('EmptyOnDelete')))

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        host = f'{context.account}.dkr.ecr.{context.region}.amazonaws.com'
        return {
            'Arn': context.arn('ecr', f'repository/{context.physical_id}'),
            'RepositoryUri': f'{host}/{context.physical_id}',
        }

    def _policies(self, context: Context, properties: Properties) -> None:
        ecr, name = context.aws('ecr'), context.physical_id
        if policy := properties.take('RepositoryPolicyText'):
            ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))
        if lifecycle := properties.take('LifecyclePolicy'):
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=lifecycle['LifecyclePolicyText'])
