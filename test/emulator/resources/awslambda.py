"""AWS::Lambda"""

import contextlib
import io
import zipfile
from typing import Any

from botocore.exceptions import ClientError
from moto.backends import get_backend

from cloudformation import permissions
from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import placement
from .tagging import gone

# What a function in a VPC does with its network interfaces.
OF_INTERFACES = ('ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface')


@handles('AWS::Lambda::Function')
class Function(Handler):
    SETTINGS = (
        'Description',
        'Environment',
        'EphemeralStorage',
        'Handler',
        'LoggingConfig',
        'MemorySize',
        'Role',
        'Runtime',
        'Timeout',
        'VpcConfig',
    )
    # What a setting is again when it is left out.
    DEFAULTS = {'Description': '', 'Environment': {'Variables': {}}, 'MemorySize': 128, 'Timeout': 3}

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('FunctionName') or context.name()
        self._check(context, properties)
        context.aws('lambda').create_function(
            FunctionName=name,
            Code=_code(context, properties),
            Tags={tag['Key']: tag['Value'] for tag in context.tags(properties.take('Tags'))},
            **properties.given('Architectures', *self.SETTINGS),
        )
        self._remember(context, name, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._check(context, new)
        functions, name = context.aws('lambda'), context.physical_id
        functions.update_function_code(FunctionName=name, **_code(context, new), **new.given('Architectures'))
        functions.update_function_configuration(FunctionName=name, **(self.DEFAULTS | new.given(*self.SETTINGS)))
        self._remember(context, name, new)
        arn, tags = self.attributes(context, new.values)['Arn'], new.take('Tags')
        removed = gone(old.get('Tags'), tags)
        if removed:
            functions.untag_resource(Resource=arn, TagKeys=removed)
        functions.tag_resource(Resource=arn, Tags={tag['Key']: tag['Value'] for tag in context.tags(tags)})

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        functions = context.aws('lambda')
        with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
            functions.delete_function(FunctionName=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.arn('lambda', f'function:{context.physical_id}')}

    def _remember(self, context: Context, name: str, properties: Properties) -> None:
        """moto takes them and forgets them."""
        function = get_backend('lambda')[context.account][context.region].get_function(name)
        function.logging_config = properties.values.get('LoggingConfig', {})
        function.architectures = properties.values.get('Architectures', ['x86_64'])

    def _check(self, context: Context, properties: Properties) -> None:
        role = properties.values['Role']
        if not permissions.trusts(context.aws('iam'), role, 'lambda.amazonaws.com', context.region):
            raise Failure(f'The role defined for the function cannot be assumed by Lambda: {role}')
        group = properties.values.get('LoggingConfig', {}).get('LogGroup')
        if group is not None:
            found = context.aws('logs').describe_log_groups(logGroupNamePrefix=group)['logGroups']
            if group not in [one['logGroupName'] for one in found]:
                raise Failure(f'The log group {group} does not exist')
        network = properties.values.get('VpcConfig')
        if network is not None:
            found = placement.subnets(context, 'VpcConfig.SubnetIds', network['SubnetIds'])
            placement.security_groups(context, 'VpcConfig.SecurityGroupIds', network['SecurityGroupIds'], found[0]['VpcId'])
            for action in OF_INTERFACES:
                if not permissions.allows(context.aws('iam'), role, action, '*'):
                    raise Failure(f'The provided execution role does not have permissions to call {action}: {role}')


@handles('AWS::Lambda::Permission')
class Permission(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        statement = context.name(100)
        context.aws('lambda').add_permission(
            StatementId=statement,
            **properties.given('FunctionName', 'Action', 'Principal', 'SourceArn', 'SourceAccount'),
        )
        return statement

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        functions, name = context.aws('lambda'), properties['FunctionName']
        with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
            functions.remove_permission(FunctionName=name, StatementId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}


def _code(context: Context, properties: Properties) -> dict[str, Any]:
    code = properties.take('Code')
    if 'S3Bucket' in code:
        try:
            context.aws('s3').head_object(Bucket=code['S3Bucket'], Key=code['S3Key'])
        except ClientError:
            what = f'there is no {code["S3Key"]} in the bucket {code["S3Bucket"]}'
            raise Failure(f'Error occurred while GetObject: {what}') from None
    if 'ZipFile' not in code:
        return code
    packed = io.BytesIO()
    extension = 'py' if properties.values['Runtime'].startswith('python') else 'js'
    with zipfile.ZipFile(packed, 'w') as archive:
        archive.writestr(f'{properties.values["Handler"].split(".")[0]}.{extension}', code['ZipFile'])
    return {'ZipFile': packed.getvalue()}
