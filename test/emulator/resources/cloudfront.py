"""AWS::CloudFront"""

import random
import string
from dataclasses import dataclass
from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .network import has_internet_gateway
from .tagging import KEPT, replace
from .waf import check_of_distribution

# Those that AWS has made for everybody (CloudFront developer guide, "Use managed cache policies" and "… origin request
# policies"); there are no others here.
MANAGED_POLICIES = {
    'CachePolicyId': {
        '658327ea-f89d-4fab-a63d-7e88639e58f6': 'CachingOptimized',
        'b2884449-e4de-46a7-ac36-70bc7f1ddd6d': 'CachingOptimizedForUncompressedObjects',
        '4135ea2d-6df8-44a3-9df3-4b5a84be39ad': 'CachingDisabled',
        '83da9c7e-98b4-4e11-a168-04f0df8e2c65': 'UseOriginCacheControlHeaders',
        '4cc15a8a-d715-48a4-82b8-cc0b614638fe': 'UseOriginCacheControlHeaders-QueryStrings',
    },
    'OriginRequestPolicyId': {
        'acba4595-bd28-49b8-b9fe-13317c0390fa': 'UserAgentRefererHeaders',
        '59781a5b-3903-41f3-afcb-af62929ccde1': 'CORS-CustomOrigin',
        '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf': 'CORS-S3Origin',
        '216adef6-5c7f-47e4-b989-5492eafa07d3': 'AllViewer',
        '33f36d7e-f396-46d9-90e0-52428a34d9dc': 'AllViewerAndCloudFrontHeaders-2022-06',
        'b689b0a8-53d0-40ab-baf2-68738e2966ac': 'AllViewerExceptHostHeader',
    },
}


@dataclass
class Origin:
    id: str
    load_balancer: str


# moto has no VPC origins.
VPC_ORIGINS: dict[str, Origin] = {}


@handles('AWS::CloudFront::VpcOrigin')
class VpcOrigin(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        origin_id = 'vo_' + ''.join(random.choices(string.ascii_letters + string.digits, k=22))
        VPC_ORIGINS[origin_id] = Origin(origin_id, self._load_balancer(context, properties))
        KEPT[origin_id] = context.tags(properties.take('Tags'))
        return origin_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        VPC_ORIGINS[context.physical_id].load_balancer = self._load_balancer(context, new)
        KEPT[context.physical_id] = context.tags(new.take('Tags'))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        for page in context.aws('cloudfront').get_paginator('list_distributions').paginate():
            for distribution in page['DistributionList'].get('Items', []):
                origins = distribution['Origins']['Items']
                if any(one.get('VpcOriginConfig', {}).get('VpcOriginId') == context.physical_id for one in origins):
                    raise Failure(f'{context.physical_id} is in use by the distribution {distribution["Id"]}')
        VPC_ORIGINS.pop(context.physical_id, None)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {
            'Id': context.physical_id,
            'Arn': context.arn('cloudfront', f'vpcorigin/{context.physical_id}', region=''),
            'Status': 'Deployed',
        }

    def _load_balancer(self, context: Context, properties: Properties) -> str:
        arn = properties.take('VpcOriginEndpointConfig')['Arn']
        elb = context.aws('elbv2')
        try:
            (balancer,) = elb.describe_load_balancers(LoadBalancerArns=[arn])['LoadBalancers']
        except elb.exceptions.LoadBalancerNotFoundException:
            raise Failure(f'The load balancer {arn} does not exist') from None
        if not has_internet_gateway(context, balancer['VpcId']):
            raise Failure(f'The VPC {balancer["VpcId"]} of the load balancer has no internet gateway')
        return arn


@handles('AWS::CloudFront::Distribution')
class Distribution(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('cloudfront').create_distribution_with_tags(
            DistributionConfigWithTags={
                'DistributionConfig': self._configuration(context, properties, context.name()),
                'Tags': {'Items': context.tags(properties.take('Tags'))},
            }
        )
        return made['Distribution']['Id']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        cloudfront = context.aws('cloudfront')
        current = cloudfront.get_distribution_config(Id=context.physical_id)
        reference = current['DistributionConfig']['CallerReference']
        cloudfront.update_distribution(
            Id=context.physical_id,
            IfMatch=current['ETag'],
            DistributionConfig=self._configuration(context, new, reference),
        )
        arn = context.arn('cloudfront', f'distribution/{context.physical_id}', region='')
        replace(
            old.get('Tags'),
            context.tags(new.take('Tags')),
            lambda keys: cloudfront.untag_resource(Resource=arn, TagKeys={'Items': keys}),
            lambda tags: cloudfront.tag_resource(Resource=arn, Tags={'Items': tags}),
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        cloudfront = context.aws('cloudfront')
        etag = cloudfront.get_distribution(Id=context.physical_id)['ETag']
        cloudfront.delete_distribution(Id=context.physical_id, IfMatch=etag)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        distribution = context.aws('cloudfront').get_distribution(Id=context.physical_id)['Distribution']
        return {'Id': context.physical_id, 'DomainName': distribution['DomainName']}

    def _configuration(self, context: Context, properties: Properties, reference: str) -> dict[str, Any]:
        given = properties.take('DistributionConfig')
        certificate = given.get('ViewerCertificate', {}).get('AcmCertificateArn')
        if certificate and certificate.split(':')[3] != 'us-east-1':
            raise Failure(f'The certificate {certificate} is not in us-east-1, where CloudFront looks for it')
        if given.get('WebACLId'):
            check_of_distribution(context, given['WebACLId'])
        origins = given.get('Origins', [])
        for origin in origins:
            vpc_origin = origin.get('VpcOriginConfig', {}).get('VpcOriginId')
            if vpc_origin is not None and vpc_origin not in VPC_ORIGINS:
                raise Failure(f'The VPC origin {vpc_origin} does not exist')
        behaviors = [given['DefaultCacheBehavior'], *given.get('CacheBehaviors', [])]
        for behavior in behaviors:
            self._check(behavior, [origin['Id'] for origin in origins])
        given = given | {'Origins': [with_ports(origin) for origin in origins]}
        return as_api(given) | {'CallerReference': reference, 'Comment': given.get('Comment', '')}

    def _check(self, behavior: dict[str, Any], origins: list[str]) -> None:
        if behavior['TargetOriginId'] not in origins:
            raise Failure(f'The origin {behavior["TargetOriginId"]} of a behavior does not exist')
        for name, known in MANAGED_POLICIES.items():
            if name in behavior and behavior[name] not in known:
                raise Failure(f'{name} {behavior[name]} does not exist')


def with_ports(origin: dict[str, Any]) -> dict[str, Any]:
    """The API demands ports of a custom origin, CloudFormation does not."""
    custom = origin.get('CustomOriginConfig')
    return origin if custom is None else origin | {'CustomOriginConfig': {'HTTPPort': 80, 'HTTPSPort': 443} | custom}


# What the API calls otherwise than CloudFormation does.
RENAMED = {'IPV6Enabled': 'IsIPV6Enabled', 'AcmCertificateArn': 'ACMCertificateArn', 'IamCertificateId': 'IAMCertificateId', 'OriginSSLProtocols': 'OriginSslProtocols'}


def as_api(value: Any) -> Any:
    """CloudFormation's lists are `{Quantity, Items}` in the API of CloudFront."""
    if isinstance(value, list):
        return {'Quantity': len(value), 'Items': [as_api(item) for item in value]}
    if isinstance(value, dict):
        return {RENAMED.get(name, name): as_api(member) for name, member in value.items()}
    return value
