"""An AWS::RDS::DBInstance that is one of a cluster."""

from typing import Any

from cloudformation.resource import Context, Failure, Properties

from .rds_rules import check_running

# Of both the creation and the change of a member; the others are its cluster's.
SETTINGS = (
    'AutoMinorVersionUpgrade',
    'CACertificateIdentifier',
    'CopyTagsToSnapshot',
    'DBInstanceClass',
    'DBParameterGroupName',
    'DatabaseInsightsMode',
    'EnablePerformanceInsights',
    'Engine',
    'MonitoringInterval',
    'MonitoringRoleArn',
    'PerformanceInsightsRetentionPeriod',
    'PreferredMaintenanceWindow',
    'PromotionTier',
    'PubliclyAccessible',
)
OTHERS = {
    'AllowMajorVersionUpgrade',
    'ApplyImmediately',
    'AvailabilityZone',
    'DBClusterIdentifier',
    'DBInstanceIdentifier',
    'DBSubnetGroupName',
    'DeleteAutomatedBackups',
    'EngineVersion',
    'Tags',
}


def is_member(properties: dict[str, Any]) -> bool:
    return bool(properties.get('DBClusterIdentifier'))


def create(context: Context, name: str, properties: Properties) -> dict[str, Any]:
    """Returns what it was made with."""
    cluster, settings = _cluster(context, properties), take_settings(context, properties)
    version = properties.take('EngineVersion')
    if version not in (None, cluster['EngineVersion']):
        raise Failure(f'EngineVersion: that of the cluster is {cluster["EngineVersion"]}, not {version}.')
    group = properties.take('DBSubnetGroupName', cluster['DBSubnetGroup'])
    if group != cluster['DBSubnetGroup']:
        raise Failure(f'DBSubnetGroupName: that of the cluster is {cluster["DBSubnetGroup"]}, not {group}.')
    context.aws('rds').create_db_instance(
        DBInstanceIdentifier=name,
        DBClusterIdentifier=cluster['DBClusterIdentifier'],
        DBSubnetGroupName=group,
        Port=cluster['Port'],
        VpcSecurityGroupIds=[each['VpcSecurityGroupId'] for each in cluster['VpcSecurityGroups']],
        Tags=context.tags(properties.take('Tags')),
        **properties.given('AvailabilityZone'),
        **settings,
    )
    return settings


def take_settings(context: Context, properties: Properties) -> dict[str, Any]:
    """The settings, checked. For anything else ask the cluster."""
    settings = properties.given(*SETTINGS)
    for name in ('AllowMajorVersionUpgrade', 'ApplyImmediately', 'DeleteAutomatedBackups'):
        properties.take(name)
    foreign = sorted(set(properties.values) - {*SETTINGS, *OTHERS})
    if foreign:
        raise Failure(f'The requested DB Instance will be a member of a DB Cluster. Set {foreign[0]} for the DB Cluster.')
    cluster = _cluster(context, properties)
    if settings.get('Engine', cluster['Engine']) != cluster['Engine']:
        raise Failure(f'Engine: that of the cluster is {cluster["Engine"]}, not {settings["Engine"]}.')
    if settings['DBInstanceClass'] == 'db.serverless' and not cluster.get('ServerlessV2ScalingConfiguration'):
        raise Failure(
            'Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB '
            'instance.'
        )
    check_running(context, settings | {'Engine': cluster['Engine'], 'EngineVersion': cluster['EngineVersion']})
    return settings | {'Engine': cluster['Engine']}


def _cluster(context: Context, properties: Properties) -> dict[str, Any]:
    rds, name = context.aws('rds'), properties.take('DBClusterIdentifier')
    try:
        return rds.describe_db_clusters(DBClusterIdentifier=name)['DBClusters'][0]
    except rds.exceptions.DBClusterNotFoundFault:
        raise Failure(f'DBClusterIdentifier: the cluster {name} does not exist.') from None
