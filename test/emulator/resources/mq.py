"""AWS::AmazonMQ"""

import base64
import contextlib
import re
from typing import Any

from moto.backends import get_backend

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import key_use, placement
from .tagging import gone

# Of both the creation and the change of a broker.
SETTINGS = (
    'AuthenticationStrategy',
    'AutoMinorVersionUpgrade',
    'EngineVersion',
    'HostInstanceType',
    'Logs',
    'MaintenanceWindowStartTime',
    'SecurityGroups',
)
RABBITMQ_VERSIONS = ('3.13', '4.2', '4.3')


@handles('AWS::AmazonMQ::Broker')
class Broker(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        settings, users = properties.given(*SETTINGS), properties.take('Users', [])
        parameters = properties.given(
            'BrokerName',
            'DeploymentMode',
            'EncryptionOptions',
            'EngineType',
            'PubliclyAccessible',
            'StorageType',
            'SubnetIds',
        )
        self._check(context, settings | parameters)
        if parameters['EngineType'].upper() == 'RABBITMQ':
            _check_users(users)
        self._check_name(context, parameters['BrokerName'])
        if encryption := parameters.get('EncryptionOptions'):
            _check_encryption(context, encryption)
        made = context.aws('mq').create_broker(
            **settings,
            **parameters,
            **self._configuration(properties),
            Users=users,
            Tags=_tags(context, properties),
        )
        context.physical_id = made['BrokerId']
        self._address(context, parameters['EngineType'])
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        mq, settings = context.aws('mq'), new.given(*SETTINGS)
        fixed = ('DeploymentMode', 'EngineType', 'PubliclyAccessible', 'SubnetIds')
        self._check(context, settings | {name: old[name] for name in fixed if name in old})
        rabbit = old['EngineType'].upper() == 'RABBITMQ'
        if rabbit and settings.get('SecurityGroups') != old.get('SecurityGroups'):
            raise Failure('SecurityGroups: those of a RabbitMQ broker cannot be changed.')
        if rabbit:
            # CloudFormation ignores them from then on.
            new.take('Users')
        mq.update_broker(BrokerId=context.physical_id, **settings, **self._configuration(new))
        arn, tags = self._described(context)['BrokerArn'], new.take('Tags')
        removed = gone(old.get('Tags'), tags)
        if removed:
            mq.delete_tags(ResourceArn=arn, TagKeys=removed)
        mq.create_tags(ResourceArn=arn, Tags=_tags(context, new))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        mq = context.aws('mq')
        with contextlib.suppress(mq.exceptions.NotFoundException):
            # To delete one that is not there, the emulator breaks.
            mq.describe_broker(BrokerId=context.physical_id)
            mq.delete_broker(BrokerId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        broker = self._described(context)
        instances = broker['BrokerInstances']
        endpoints = [endpoint for instance in instances for endpoint in instance['Endpoints']]
        current = broker['Configurations']['Current']
        rabbit = broker['EngineType'].upper() == 'RABBITMQ'
        by_protocol = {
            'AmqpEndpoints': ('amqps:', 'amqp+ssl:'),
            'MqttEndpoints': ('mqtt+ssl:',),
            'OpenWireEndpoints': ('ssl:',),
            'StompEndpoints': ('stomp+ssl:',),
            'WssEndpoints': ('wss:',),
        }
        return {
            'Arn': broker['BrokerArn'],
            'Id': context.physical_id,
            'EngineVersionCurrent': broker['EngineVersion'],
            'ConfigurationId': current['Id'],
            'ConfigurationRevision': str(current['Revision']),
            'ConsoleURLs': [instance['ConsoleURL'] for instance in instances],
            # RabbitMQ has none that could be told.
            'IpAddresses': [] if rabbit else [instance['IpAddress'] for instance in instances],
        } | {
            name: [endpoint for endpoint in endpoints if endpoint.startswith(protocols)]
            for name, protocols in by_protocol.items()
        }

    def _configuration(self, properties: Properties) -> dict[str, Any]:
        wanted = properties.take('Configuration')
        return {'Configuration': {'Id': wanted['Id'], 'Revision': int(wanted['Revision'])}} if wanted else {}

    def _check(self, context: Context, settings: dict[str, Any]) -> None:
        subnets, groups = settings.get('SubnetIds', []), settings.get('SecurityGroups', [])
        found = placement.subnets(context, 'SubnetIds', subnets) if subnets else []
        if len(placement.zones(found)) < len(found):
            raise Failure('SubnetIds: the subnets must be in different Availability Zones.')
        placement.security_groups(context, 'SecurityGroups', groups, found[0]['VpcId'] if found else None)
        mode, public = settings['DeploymentMode'].upper(), settings['PubliclyAccessible']
        if mode == 'SINGLE_INSTANCE' and len(subnets) > 1:
            raise Failure('SubnetIds: a SINGLE_INSTANCE broker takes exactly one subnet.')
        if mode == 'ACTIVE_STANDBY_MULTI_AZ' and len(subnets) not in (0, 2):
            raise Failure('SubnetIds: an ACTIVE_STANDBY_MULTI_AZ broker takes exactly two subnets.')
        if mode == 'CLUSTER_MULTI_AZ' and not public and not subnets:
            raise Failure('SubnetIds: a CLUSTER_MULTI_AZ broker that is not public needs at least one subnet.')
        if settings['EngineType'].upper() == 'RABBITMQ':
            _check_rabbit(settings)
        elif mode == 'CLUSTER_MULTI_AZ':
            raise Failure('DeploymentMode: CLUSTER_MULTI_AZ is for RabbitMQ.')

    def _check_name(self, context: Context, name: str) -> None:
        # The emulator lets several have one name.
        if any(broker['BrokerName'] == name for broker in context.aws('mq').list_brokers()['BrokerSummaries']):
            raise Failure(f'Broker name {name} already exists in this region.')

    def _described(self, context: Context) -> dict[str, Any]:
        return context.aws('mq').describe_broker(BrokerId=context.physical_id)

    def _address(self, context: Context, engine: str) -> None:
        """All brokers of the emulator have one address."""
        broker = get_backend('mq')[context.account][context.region].brokers[context.physical_id]
        for number, instance in enumerate(broker.instances, 1):
            node = '' if engine.upper() == 'RABBITMQ' else f'-{number}'
            suffix = context.aws('mq').meta.region_name
            host = f'b-{broker.id}{node}.mq.{suffix}.amazonaws.com'
            instance['endpoints'] = [endpoint.replace('mockmq', host) for endpoint in instance['endpoints']]
            instance['consoleURL'] = re.sub(r'//[^:]+', f'//{host}', instance['consoleURL'])


@handles('AWS::AmazonMQ::Configuration')
class Configuration(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        mq = context.aws('mq')
        made = mq.create_configuration(
            **properties.given('AuthenticationStrategy', 'EngineType', 'EngineVersion', 'Name'),
            Tags=_tags(context, properties),
        )
        context.physical_id = made['Id']
        self._write(context, properties)
        return made['Id']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._write(context, new)
        mq, arn = context.aws('mq'), self.attributes(context, new.values)['Arn']
        if removed := gone(old.get('Tags'), new.take('Tags')):
            mq.delete_tags(ResourceArn=arn, TagKeys=removed)
        mq.create_tags(ResourceArn=arn, Tags=_tags(context, new))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        mq = context.aws('mq')
        with contextlib.suppress(mq.exceptions.NotFoundException):
            mq.delete_configuration(ConfigurationId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        found = context.aws('mq').describe_configuration(ConfigurationId=context.physical_id)
        return {'Arn': found['Arn'], 'Id': found['Id'], 'Revision': str(found['LatestRevision']['Revision'])}

    def _write(self, context: Context, properties: Properties) -> None:
        data, description = properties.take('Data'), properties.take('Description', '')
        if data is None:
            return
        try:
            base64.b64decode(data, validate=True)
        except ValueError:
            raise Failure('Data must be encoded in Base64.') from None
        context.aws('mq').update_configuration(
            ConfigurationId=context.physical_id, Data=data, Description=description
        )


def _tags(context: Context, properties: Properties) -> dict[str, str]:
    return {tag['Key']: tag['Value'] for tag in context.tags(properties.take('Tags'))}


def _check_encryption(context: Context, options: dict[str, Any]) -> None:
    key = options.get('KmsKeyId')
    if options.get('UseAwsOwnedKey') and key:
        raise Failure('EncryptionOptions: a key of your own does not go with UseAwsOwnedKey.')
    if key:
        key_use.usable(context, key, 'mq')


def _check_rabbit(settings: dict[str, Any]) -> None:
    version, host = settings.get('EngineVersion'), settings['HostInstanceType']
    mode = settings['DeploymentMode'].upper()
    if mode == 'ACTIVE_STANDBY_MULTI_AZ':
        raise Failure('DeploymentMode: RabbitMQ has SINGLE_INSTANCE and CLUSTER_MULTI_AZ.')
    if version not in (None, *RABBITMQ_VERSIONS):
        raise Failure(f'EngineVersion: there is no RabbitMQ {version}. There are: {", ".join(RABBITMQ_VERSIONS)}.')
    if (version or '4').startswith('4') and not host.startswith('mq.m7g.'):
        raise Failure(f'HostInstanceType: RabbitMQ {version or ""} runs on mq.m7g instances, not on {host}.')
    if host == 'mq.t3.micro' and mode == 'CLUSTER_MULTI_AZ':
        raise Failure('HostInstanceType: a cluster does not run on mq.t3.micro.')
    if not settings.get('AutoMinorVersionUpgrade'):
        raise Failure('AutoMinorVersionUpgrade must be true for RabbitMQ.')
    if 'Audit' in settings.get('Logs', {}):
        raise Failure('Logs: RabbitMQ has no audit log.')


def _check_users(users: list[dict[str, Any]]) -> None:
    if len(users) != 1:
        raise Failure('Users: a RabbitMQ broker is made with exactly one user.')
    (user,) = users
    if user['Username'] == 'guest':
        raise Failure('Users: RabbitMQ keeps the name guest for itself.')
    if not 12 <= len(user['Password']) <= 250 or len(set(user['Password'])) < 4:
        raise Failure('Users: a password must have 12 to 250 characters, at least 4 of them different.')
