"""AWS::IAM"""

import contextlib
import json
from collections.abc import Iterable
from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .tagging import gone

Holders = dict[str, Any]

# The property that names those who hold a policy, and how the API calls one of them.
HOLDERS = {'Roles': 'Role', 'Users': 'User', 'Groups': 'Group'}


@handles('AWS::IAM::Role')
class Role(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        iam = context.aws('iam')
        managed, inline = properties.take('ManagedPolicyArns', []), properties.take('Policies', [])
        for arn in [*managed, *properties.given('PermissionsBoundary').values()]:
            _check_managed(iam, arn)
        name = properties.take('RoleName') or context.name()
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=_text(properties.take('AssumeRolePolicyDocument')),
            Tags=context.tags(properties.take('Tags')),
            **properties.given('Path', 'Description', 'MaxSessionDuration', 'PermissionsBoundary'),
        )
        for arn in managed:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        try:
            for policy in inline:
                _put_inline(iam, 'Role', name, policy)
        except iam.exceptions.MalformedPolicyDocumentException as error:
            error.physical_id = name
            raise
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        iam, name = context.aws('iam'), context.physical_id
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=_text(new.take('AssumeRolePolicyDocument')))
        iam.update_role(
            RoleName=name,
            Description=new.take('Description', ''),
            MaxSessionDuration=new.take('MaxSessionDuration', 3600),
        )
        self._update_policies(iam, name, old, new)
        boundary = new.take('PermissionsBoundary')
        if boundary is not None:
            _check_managed(iam, boundary)
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        elif 'PermissionsBoundary' in old:
            iam.delete_role_permissions_boundary(RoleName=name)
        tags = new.take('Tags')
        iam.untag_role(RoleName=name, TagKeys=gone(old.get('Tags'), tags))
        iam.tag_role(RoleName=name, Tags=context.tags(tags))

    def _update_policies(self, iam: Any, name: str, old: dict[str, Any], new: Properties) -> None:
        had, wanted = set(old.get('ManagedPolicyArns', [])), set(new.take('ManagedPolicyArns', []))
        for arn in wanted - had:
            _check_managed(iam, arn)
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in had - wanted:
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        inline = new.take('Policies', [])
        for policy in inline:
            _put_inline(iam, 'Role', name, policy)
        for policy_name in _names(old.get('Policies', [])) - _names(inline):
            iam.delete_role_policy(RoleName=name, PolicyName=policy_name)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        iam, name = context.aws('iam'), context.physical_id
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            # What others have attached stays, and IAM refuses.
            for arn in properties.get('ManagedPolicyArns', []):
                with contextlib.suppress(iam.exceptions.NoSuchEntityException):
                    iam.detach_role_policy(RoleName=name, PolicyArn=arn)
            for policy_name in _names(properties.get('Policies', [])):
                with contextlib.suppress(iam.exceptions.NoSuchEntityException):
                    iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
            iam.delete_role(RoleName=name)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        role = context.aws('iam').get_role(RoleName=context.physical_id)['Role']
        return {'Arn': role['Arn'], 'RoleId': role['RoleId']}


@handles('AWS::IAM::Policy')
class Policy(Handler):
    """An inline policy. It is no thing of its own in IAM: its physical id is a word that only CloudFormation knows."""

    def create(self, context: Context, properties: Properties) -> str:
        iam, policy = context.aws('iam'), _policy(properties)
        for kind, name in _holders(_take_holders(properties)):
            _put_inline(iam, kind, name, policy)
        return context.name()

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        iam, policy = context.aws('iam'), _policy(new)
        holders = _holders(_take_holders(new))
        for kind, name in holders:
            _put_inline(iam, kind, name, policy)
        renamed = old['PolicyName'] != policy['PolicyName']
        for kind, name in _holders(old):
            if renamed or (kind, name) not in holders:
                _delete_inline(iam, kind, name, old['PolicyName'])

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        for kind, name in _holders(properties):
            _delete_inline(context.aws('iam'), kind, name, properties['PolicyName'])

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}


@handles('AWS::IAM::ManagedPolicy')
class ManagedPolicy(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        iam, holders = context.aws('iam'), _holders(_take_holders(properties))
        made = iam.create_policy(
            PolicyName=properties.take('ManagedPolicyName') or context.name(128),
            PolicyDocument=_text(properties.take('PolicyDocument')),
            **properties.given('Path', 'Description'),
        )
        arn = made['Policy']['Arn']
        try:
            for kind, name in holders:
                _attach(iam, 'attach', kind, name, arn)
        except iam.exceptions.NoSuchEntityException as error:
            error.physical_id = arn
            raise
        return arn

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        iam, arn = context.aws('iam'), context.physical_id
        document = new.take('PolicyDocument')
        if document != old['PolicyDocument']:
            for version in self._versions(iam, arn):
                iam.delete_policy_version(PolicyArn=arn, VersionId=version)
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=_text(document), SetAsDefault=True)
        had, wanted = _holders(old), _holders(_take_holders(new))
        for kind, name in [holder for holder in wanted if holder not in had]:
            _attach(iam, 'attach', kind, name, arn)
        for kind, name in [holder for holder in had if holder not in wanted]:
            _detach(iam, kind, name, arn)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        iam, arn = context.aws('iam'), context.physical_id
        for kind, name in _holders(properties):
            _detach(iam, kind, name, arn)
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            for version in self._versions(iam, arn):
                iam.delete_policy_version(PolicyArn=arn, VersionId=version)
            iam.delete_policy(PolicyArn=arn)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        policy = context.aws('iam').get_policy(PolicyArn=context.physical_id)['Policy']
        known = ('AttachmentCount', 'DefaultVersionId', 'IsAttachable', 'PolicyId')
        dates = {name: policy[name].isoformat() for name in ('CreateDate', 'UpdateDate')}
        return {'PolicyArn': policy['Arn']} | {name: policy[name] for name in known} | dates

    def _versions(self, iam: Any, arn: str) -> list[str]:
        """Those that are not in force: a policy has five at most, and none of them when it is deleted."""
        versions = iam.list_policy_versions(PolicyArn=arn)['Versions']
        return [version['VersionId'] for version in versions if not version['IsDefaultVersion']]


@handles('AWS::IAM::InstanceProfile')
class InstanceProfile(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        iam, roles = context.aws('iam'), properties.take('Roles')
        for role in roles:
            iam.get_role(RoleName=role)
        name = properties.take('InstanceProfileName') or context.name(128)
        iam.create_instance_profile(InstanceProfileName=name, **properties.given('Path'))
        for role in roles:
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        iam, name = context.aws('iam'), context.physical_id
        for role in old['Roles']:
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
        for role in new.take('Roles'):
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        iam, name = context.aws('iam'), context.physical_id
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            for role in properties['Roles']:
                iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
            iam.delete_instance_profile(InstanceProfileName=name)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        profile = context.aws('iam').get_instance_profile(InstanceProfileName=context.physical_id)
        return {'Arn': profile['InstanceProfile']['Arn']}


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _policy(properties: Properties) -> dict[str, Any]:
    return {name: properties.take(name) for name in ('PolicyName', 'PolicyDocument')}


def _names(policies: Iterable[dict[str, Any]]) -> set[str]:
    return {policy['PolicyName'] for policy in policies}


def _take_holders(properties: Properties) -> Holders:
    return {name: properties.take(name, []) for name in HOLDERS}


def _holders(properties: Holders) -> list[tuple[str, str]]:
    return [(kind, name) for group, kind in HOLDERS.items() for name in properties.get(group, [])]


def _put_inline(iam: Any, kind: str, name: str, policy: dict[str, Any]) -> None:
    put = getattr(iam, f'put_{kind.lower()}_policy')
    put(
        **{f'{kind}Name': name},
        PolicyName=policy['PolicyName'],
        PolicyDocument=_text(policy['PolicyDocument']),
    )


def _delete_inline(iam: Any, kind: str, name: str, policy_name: str) -> None:
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        getattr(iam, f'delete_{kind.lower()}_policy')(**{f'{kind}Name': name}, PolicyName=policy_name)


def _attach(iam: Any, verb: str, kind: str, name: str, arn: str) -> None:
    getattr(iam, f'{verb}_{kind.lower()}_policy')(**{f'{kind}Name': name}, PolicyArn=arn)


def _detach(iam: Any, kind: str, name: str, arn: str) -> None:
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        _attach(iam, 'detach', kind, name, arn)


def _check_managed(iam: Any, arn: str) -> None:
    """IAM refuses the name of a policy that is not there; the emulator does so only for some uses of it."""
    try:
        iam.get_policy(PolicyArn=arn)
    except iam.exceptions.NoSuchEntityException:
        raise Failure(f'Policy {arn} does not exist or is not attachable.') from None
