"""AWS::EC2::LaunchTemplate"""

from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import placement

INVALID = 'You must use a valid fully-formed launch template.'


@handles('AWS::EC2::LaunchTemplate')
class LaunchTemplate(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('ec2').create_launch_template(
            LaunchTemplateName=properties.take('LaunchTemplateName') or context.name(128),
            TagSpecifications=_tags(context, properties),
            **properties.given('LaunchTemplateData', 'VersionDescription'),
        )
        return made['LaunchTemplate']['LaunchTemplateId']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        # Whoever names the default version keeps the first one.
        context.aws('ec2').create_launch_template_version(
            LaunchTemplateId=context.physical_id, **new.given('LaunchTemplateData', 'VersionDescription')
        )
        for specification in _tags(context, new):
            context.aws('ec2').create_tags(Resources=[context.physical_id], Tags=specification['Tags'])

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('ec2').delete_launch_template(LaunchTemplateId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        kept = get_backend('ec2')[context.account][context.region].get_launch_template(context.physical_id)
        return {
            'LaunchTemplateId': context.physical_id,
            'DefaultVersionNumber': str(kept.default_version_number),
            'LatestVersionNumber': str(kept.latest_version_number),
        }


def data_of(context: Context, named: dict[str, Any]) -> dict[str, Any]:
    """What a version of a launch template says."""
    versions = context.aws('ec2').describe_launch_template_versions(
        LaunchTemplateId=named['LaunchTemplateId'], Versions=[named.get('Version') or '$Default']
    )
    return versions['LaunchTemplateVersions'][0]['LaunchTemplateData']


def check(context: Context, data: dict[str, Any], vpc: str) -> None:
    """What EC2 refuses when an instance is to be made by a template: it makes templates of anything."""
    ec2, image_id, wanted = context.aws('ec2'), data.get('ImageId'), data.get('InstanceType')
    if not image_id or not wanted:
        raise Failure(f'{INVALID} The request must contain the parameter {"InstanceType" if image_id else "ImageId"}')
    # The emulator describes those that there are, and takes any.
    images = [image for image in ec2.describe_images()['Images'] if image['ImageId'] == image_id]
    if not images:
        raise Failure(f"{INVALID} The image id '[{image_id}]' does not exist")
    filters = [{'Name': 'instance-type', 'Values': [wanted]}]
    kinds = ec2.describe_instance_types(Filters=filters)['InstanceTypes']
    if not kinds:
        raise Failure(f'{INVALID} Invalid value {wanted!r} for InstanceType.')
    architecture, supported = images[0]['Architecture'], kinds[0]['ProcessorInfo']['SupportedArchitectures']
    if architecture not in supported:
        raise Failure(
            f"{INVALID} The architecture '{','.join(supported)}' of the specified instance type does not match the "
            f"architecture '{architecture}' of the specified AMI."
        )
    _check_groups(context, data, vpc)
    _check_profile(context, data.get('IamInstanceProfile', {}))


def _check_groups(context: Context, data: dict[str, Any], vpc: str) -> None:
    interfaces = [interface for interface in data.get('NetworkInterfaces', []) if interface.get('Groups')]
    if interfaces and data.get('SecurityGroupIds'):
        raise Failure(
            f'{INVALID} Network interfaces and an instance-level security groups may not be specified on the same request'
        )
    groups = [group for interface in interfaces for group in interface['Groups']] or data.get('SecurityGroupIds', [])
    placement.security_groups(context, 'SecurityGroupIds', groups, vpc)


def _check_profile(context: Context, profile: dict[str, Any]) -> None:
    name = profile.get('Name') or profile.get('Arn', '').split('/')[-1]
    iam = context.aws('iam')
    try:
        if name:
            iam.get_instance_profile(InstanceProfileName=name)
    except iam.exceptions.NoSuchEntityException:
        raise Failure(f'{INVALID} Invalid IAM Instance Profile name {name}') from None


def _tags(context: Context, properties: Properties) -> list[dict[str, Any]]:
    """CloudFormation has only tags of the template itself here; the stack's own are added to them."""
    given = [tag for one in properties.take('TagSpecifications', []) for tag in one['Tags']]
    tags = context.tags(given)
    return [{'ResourceType': 'launch-template', 'Tags': tags}] if tags else []
