"""What RDS refuses of instances and of clusters, and the emulator does not."""

from typing import Any

from cloudformation.resource import Context, Failure

LOGS = {
    'postgres': {'postgresql', 'upgrade', 'iam-db-auth-error'},
    'aurora-postgresql': {'postgresql', 'instance', 'iam-db-auth-error'},
    'mysql': {'audit', 'error', 'general', 'slowquery', 'iam-db-auth-error'},
    'mariadb': {'audit', 'error', 'general', 'slowquery', 'iam-db-auth-error'},
}
CERTIFICATE_AUTHORITIES = ('rds-ca-rsa2048-g1', 'rds-ca-rsa4096-g1', 'rds-ca-ecc384-g1')


def check_password(password: str | None) -> None:
    if password is not None and (not 8 <= len(password) <= 128 or set(password) & set('/@" ')):
        raise Failure('MasterUserPassword must have 8 to 128 characters, and none of: / @ " or a space.')


def check_running(context: Context, settings: dict[str, Any]) -> None:
    """What an instance has by itself, also in a cluster."""
    authority = settings.get('CACertificateIdentifier')
    if authority not in (None, *CERTIFICATE_AUTHORITIES):
        raise Failure(f'CACertificateIdentifier: there is no certificate authority {authority}.')
    if 'MonitoringRoleArn' in settings:
        context.aws('iam').get_role(RoleName=settings['MonitoringRoleArn'].split('/')[-1])
    enabled, days = settings.get('EnablePerformanceInsights'), settings.get('PerformanceInsightsRetentionPeriod')
    if days is not None and not enabled:
        raise Failure('PerformanceInsightsRetentionPeriod goes with EnablePerformanceInsights only.')
    if settings.get('DatabaseInsightsMode') == 'advanced' and (not enabled or (days or 7) < 465):
        raise Failure('DatabaseInsightsMode: advanced needs Performance Insights, kept for at least 465 days.')
    group = settings.get('DBParameterGroupName')
    if group is not None and not group.startswith('default.'):
        found = context.aws('rds').describe_db_parameter_groups(DBParameterGroupName=group)['DBParameterGroups']
        if not found:
            raise Failure(f'DBParameterGroupName: DBParameterGroup not found: {group}')
        check_family(group, found[0]['DBParameterGroupFamily'], settings, 'instance')


def check_family(group: str, family: str, settings: dict[str, Any], kind: str) -> None:
    version = settings.get('EngineVersion')
    demanded = family.removeprefix(settings['Engine'])
    if demanded == family or (version is not None and not f'{version}.'.startswith(f'{demanded}.')):
        raise Failure(
            f"The parameter group {group} with DBParameterGroupFamily {family} can't be used for this {kind}. "
            f'Please use a parameter group of a family for {settings["Engine"]} {version or ""}.'
        )


def check_logs(engine: str, logs: list[str]) -> None:
    unknown = set(logs) - LOGS.get(engine, set(logs))
    if unknown:
        raise Failure(f'EnableCloudwatchLogsExports: {engine} has no log {", ".join(sorted(unknown))}.')


def major(settings: dict[str, Any]) -> str | None:
    """Of PostgreSQL the first number says it, of the others the first two."""
    version = settings.get('EngineVersion')
    parts = 1 if 'postgres' in settings['Engine'] else 2
    return version and '.'.join(version.split('.')[:parts])


def subnet_group(context: Context, name: str) -> dict[str, Any]:
    return context.aws('rds').describe_db_subnet_groups(DBSubnetGroupName=name)['DBSubnetGroups'][0]
