"""AWS::WAFv2"""

import contextlib
import re
from typing import Any

from botocore.exceptions import ClientError
from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .tagging import gone

# Of both the creation and the change of a web ACL.
SETTINGS = (
    'AssociationConfig',
    'CaptchaConfig',
    'ChallengeConfig',
    'CustomResponseBodies',
    'DefaultAction',
    'Description',
    'Rules',
    'TokenDomains',
    'VisibilityConfig',
)
# These have actions of their own, which a rule can only override.
OF_GROUPS = ('ManagedRuleGroupStatement', 'RuleGroupReferenceStatement')
LOAD_BALANCER = re.compile(r'arn:[^:]+:elasticloadbalancing:(?P<region>[^:]+):\d+:loadbalancer/app/[^/]+/[^/]+')
NO_ARN = (
    "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons "
    'or slashes.'
)
MISSING = "AWS WAF couldn't perform the operation because your resource doesn't exist."


@handles('AWS::WAFv2::WebACL')
class WebACL(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        scope, name = properties.take('Scope'), properties.take('Name') or context.name(128)
        if scope == 'CLOUDFRONT' and context.region != 'us-east-1':
            raise Failure('Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT')
        _check_rules(properties.values.get('Rules', []))
        made = context.aws('wafv2').create_web_acl(
            Name=name, Scope=scope, **context.tagged(properties), **properties.given(*SETTINGS)
        )
        return f'{name}|{made["Summary"]["Id"]}|{scope}'

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        waf, named = context.aws('wafv2'), _named(context.physical_id)
        _check_rules(new.values.get('Rules', []))
        found = waf.get_web_acl(**named)
        waf.update_web_acl(**named, LockToken=found['LockToken'], **({'Rules': []} | new.given(*SETTINGS)))
        arn, tagged = found['WebACL']['ARN'], context.tagged(new)
        if not new.values.get('Rules'):
            # The emulator would keep those that are left out.
            _kept(context, arn).rules = []
        if removed := gone(old.get('Tags'), tagged.get('Tags')):
            waf.untag_resource(ResourceARN=arn, TagKeys=removed)
        if tagged:
            waf.tag_resource(ResourceARN=arn, **tagged)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        waf, named = context.aws('wafv2'), _named(context.physical_id)
        with contextlib.suppress(waf.exceptions.WAFNonexistentItemException):
            found = waf.get_web_acl(**named)
            if _users(context, found['WebACL']['ARN']):
                raise Failure(
                    "AWS WAF couldn't perform the operation because your resource is being used by another resource or "
                    "it's associated with another resource."
                )
            waf.delete_web_acl(**named, LockToken=found['LockToken'])

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        found = context.aws('wafv2').get_web_acl(**_named(context.physical_id))['WebACL']
        return {'Arn': found['ARN']} | {name: found[name] for name in ('Capacity', 'Id', 'LabelNamespace')}


@handles('AWS::WAFv2::WebACLAssociation')
class WebACLAssociation(Handler):
    """A web ACL in front of a load balancer. Distributions of CloudFront name theirs themselves."""

    def create(self, context: Context, properties: Properties) -> str:
        waf, resource, acl = context.aws('wafv2'), properties.take('ResourceArn'), properties.take('WebACLArn')
        balancer = LOAD_BALANCER.fullmatch(resource)
        if balancer is None or balancer['region'] != context.region:
            raise Failure(f'{NO_ARN}, field: RESOURCE_ARN, parameter: {resource}')
        if f':wafv2:{context.region}:' not in acl or ':regional/webacl/' not in acl:
            raise Failure(f'{NO_ARN}, field: WEB_ACL_ARN, parameter: {acl}')
        try:
            context.aws('elbv2').describe_load_balancers(LoadBalancerArns=[resource])
            waf.get_web_acl(ARN=acl)
        except ClientError:
            raise Failure(MISSING) from None
        # One that was there before gives way.
        waf.disassociate_web_acl(ResourceArn=resource)
        waf.associate_web_acl(ResourceArn=resource, WebACLArn=acl)
        return f'{resource}|{acl}'

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        waf, resource = context.aws('wafv2'), properties['ResourceArn']
        found = waf.get_web_acl_for_resource(ResourceArn=resource).get('WebACL')
        if found and found['ARN'] == properties['WebACLArn']:
            waf.disassociate_web_acl(ResourceArn=resource)


def check_of_distribution(context: Context, acl: str) -> None:
    """CloudFront's web ACLs are named by their ARN; those of AWS WAF Classic, which have an id, are not there."""
    found = re.fullmatch(r'arn:[^:]+:wafv2:us-east-1:\d+:global/webacl/(?P<name>[^/]+)/(?P<id>[^/]+)', acl)
    try:
        if found is None:
            raise ValueError
        context.aws('wafv2').get_web_acl(Name=found['name'], Id=found['id'], Scope='CLOUDFRONT')
    except (ClientError, ValueError):
        raise Failure(
            f'Invalid request provided: Web ACL is not accessible by the requester: {acl}. It must be one with the '
            'scope CLOUDFRONT, which are in us-east-1, and named by its ARN.'
        ) from None


def _named(physical_id: str) -> dict[str, str]:
    name, acl_id, scope = physical_id.split('|')
    return {'Name': name, 'Id': acl_id, 'Scope': scope}


def _kept(context: Context, arn: str) -> Any:
    return get_backend('wafv2')[context.account]['global' if ':global/' in arn else context.region].wacls[arn]


def _users(context: Context, acl: str) -> list[str]:
    if ':global/' not in acl:
        return _kept(context, acl).associated_resources
    pages = context.aws('cloudfront').get_paginator('list_distributions').paginate()
    distributions = [one for page in pages for one in page['DistributionList'].get('Items', [])]
    return [one['ARN'] for one in distributions if one['WebACLId'] == acl]


def _check_rules(rules: list[dict[str, Any]]) -> None:
    for name in ('Name', 'Priority'):
        values = [rule[name] for rule in rules]
        for value in [value for value in values if values.count(value) > 1][:1]:
            raise Failure(f'Error reason: There are duplicate values., field: RULE, parameter: {name} {value}')
    for rule in rules:
        is_group = any(statement in rule['Statement'] for statement in OF_GROUPS)
        wanted, other = ('OverrideAction', 'Action') if is_group else ('Action', 'OverrideAction')
        if wanted not in rule or other in rule:
            raise Failure(
                f'Error reason: A reference in your rule statement is not valid., field: RULE, parameter: Statement '
                f'({rule["Name"]} must have {wanted}, and no {other})'
            )
