"""AWS::SecretsManager"""

import contextlib
import json
import secrets
import string
from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from . import key_use
from .tagging import gone

# What a password may be made of, by the option that leaves it out.
CHARACTERS = {
    'ExcludeLowercase': string.ascii_lowercase,
    'ExcludeUppercase': string.ascii_uppercase,
    'ExcludeNumbers': string.digits,
    'ExcludePunctuation': string.punctuation,
}


@handles('AWS::SecretsManager::Secret')
class Secret(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        manager = context.aws('secretsmanager')
        # Unlike other types: the name is that of the resource, without its stack.
        name = properties.take('Name') or context.name(512).removeprefix(f'{context.stack_name}-')
        made = manager.create_secret(
            Name=name,
            Tags=context.tags(properties.take('Tags')),
            **_value(properties, {}),
            **_described(context, properties),
            **properties.given(AddReplicaRegions='ReplicaRegions'),
        )
        return made['ARN']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        manager, arn = context.aws('secretsmanager'), context.physical_id
        manager.update_secret(SecretId=arn, **_value(new, old), **_described(context, new))
        tags = new.take('Tags')
        manager.untag_resource(SecretId=arn, TagKeys=gone(old.get('Tags'), tags))
        manager.tag_resource(SecretId=arn, Tags=context.tags(tags))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        manager, arn = context.aws('secretsmanager'), context.physical_id
        with contextlib.suppress(manager.exceptions.ResourceNotFoundException):
            regions = [replica['Region'] for replica in properties.get('ReplicaRegions', [])]
            if regions:
                manager.remove_regions_from_replication(SecretId=arn, RemoveReplicaRegions=regions)
            manager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}


@handles('AWS::SecretsManager::SecretTargetAttachment')
class SecretTargetAttachment(Handler):
    """Writes into a Secret how its database is reached."""

    # It has the ARN of the Secret.
    is_reference = False

    def create(self, context: Context, properties: Properties) -> str:
        arn = context.aws('secretsmanager').describe_secret(SecretId=properties.take('SecretId'))['ARN']
        self._attach(context, arn, properties, {})
        return arn

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._attach(context, context.physical_id, new, old)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        manager = context.aws('secretsmanager')
        with contextlib.suppress(manager.exceptions.ResourceNotFoundException):
            value = self._without_target(_read(manager, context.physical_id))
            _write(manager, context.physical_id, value)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}

    def _attach(self, context: Context, arn: str, new: Properties, old: dict[str, Any]) -> None:
        manager, value = context.aws('secretsmanager'), _read(context.aws('secretsmanager'), arn)
        target = self._target(context, new.take('TargetType'), new.take('TargetId'))
        _write(manager, arn, (self._without_target(value) if old else value) | target)

    def _target(self, context: Context, target_type: str, target_id: str) -> dict[str, Any]:
        rds = context.aws('rds')
        match target_type:
            case 'AWS::RDS::DBInstance':
                database = rds.describe_db_instances(DBInstanceIdentifier=target_id)['DBInstances'][0]
                where = {'host': database['Endpoint']['Address'], 'port': database['Endpoint']['Port']}
                name, identifier = database.get('DBName'), {'dbInstanceIdentifier': target_id}
            case 'AWS::RDS::DBCluster':
                database = rds.describe_db_clusters(DBClusterIdentifier=target_id)['DBClusters'][0]
                where = {'host': database['Endpoint'], 'port': database['Port']}
                name, identifier = database.get('DatabaseName'), {'dbClusterIdentifier': target_id}
            case _:
                raise Failure(f'TargetType: the emulator does not know {target_type}')
        # As the rotation functions of AWS call the engines.
        engine = database['Engine'].removeprefix('aurora-').replace('postgresql', 'postgres')
        return {'engine': engine, **where, **({'dbname': name} if name else {}), **identifier}

    def _without_target(self, value: dict[str, Any]) -> dict[str, Any]:
        written = ('engine', 'host', 'port', 'dbname', 'dbInstanceIdentifier', 'dbClusterIdentifier')
        return {name: member for name, member in value.items() if name not in written}


@handles('AWS::SecretsManager::ResourcePolicy')
class ResourcePolicy(Handler):
    # It has the ARN of the Secret.
    is_reference = False

    def create(self, context: Context, properties: Properties) -> str:
        return self._put(context, properties.take('SecretId'), properties)

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._put(context, context.physical_id, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        manager = context.aws('secretsmanager')
        with contextlib.suppress(manager.exceptions.ResourceNotFoundException):
            manager.delete_resource_policy(SecretId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}

    def _put(self, context: Context, secret: str, properties: Properties) -> str:
        policy = properties.take('ResourcePolicy')
        made = context.aws('secretsmanager').put_resource_policy(
            SecretId=secret,
            ResourcePolicy=policy if isinstance(policy, str) else json.dumps(policy),
            **properties.given('BlockPublicPolicy'),
        )
        return made['ARN']


def _described(context: Context, properties: Properties) -> dict[str, Any]:
    key = properties.take('KmsKeyId')
    if key is not None and not key_use.is_of_aws(key):
        key_use.usable(context, key, 'secretsmanager')
    return properties.given('Description', 'KmsKeyId')


def _value(new: Properties, old: dict[str, Any]) -> dict[str, str]:
    """The value to write. A value is only ever made anew when the properties that say how have changed."""
    text, options = new.take('SecretString'), new.take('GenerateSecretString')
    if text is not None and options is not None:
        raise Failure("You can't specify both SecretString and GenerateSecretString.")
    if text is not None and text != old.get('SecretString'):
        return {'SecretString': text}
    if options is not None and options != old.get('GenerateSecretString'):
        return {'SecretString': _generate(options)}
    return {}


def _generate(options: dict[str, Any]) -> str:
    template, key = options.get('SecretStringTemplate'), options.get('GenerateStringKey')
    if (template is None) != (key is None):
        raise Failure('GenerateSecretString: SecretStringTemplate and GenerateStringKey must be given together.')
    password = _password(options)
    if key is None:
        return password
    try:
        return json.dumps({**json.loads(template), key: password}, separators=(',', ':'))
    except (ValueError, TypeError):
        raise Failure('GenerateSecretString: SecretStringTemplate must be a JSON object.') from None


def _password(options: dict[str, Any]) -> str:
    """Made here: the emulator's own password generator is seeded, and puts the demanded classes last, in order."""
    excluded = options.get('ExcludeCharacters', '')
    classes = [characters for option, characters in CHARACTERS.items() if not options.get(option)]
    if options.get('IncludeSpace'):
        classes.append(' ')
    classes = [''.join(character for character in each if character not in excluded) for each in classes]
    demanded = classes if options.get('RequireEachIncludedType', True) else []
    length = options.get('PasswordLength', 32)
    if not any(classes) or not all(demanded) or length < len(demanded):
        raise Failure('GenerateSecretString: no such password exists. It is too short, or too much is excluded.')
    characters = [secrets.choice(each) for each in demanded]
    characters += [secrets.choice(''.join(classes)) for _ in range(length - len(demanded))]
    secrets.SystemRandom().shuffle(characters)
    return ''.join(characters)


def _read(manager: Any, arn: str) -> dict[str, Any]:
    try:
        value = json.loads(manager.get_secret_value(SecretId=arn)['SecretString'])
    except (KeyError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise Failure(f'SecretId: the value of {arn} must be a JSON object, to write a database into it.')
    return value


def _write(manager: Any, arn: str, value: dict[str, Any]) -> None:
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps(value, separators=(',', ':')))
