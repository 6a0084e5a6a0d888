"""The data services that a task is told the address of: whether it gets there, and is served."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

from cloudformation.resource import Context

from . import proxy_service
from .reachability import reaches


@dataclass(frozen=True)
class DataService:
    name: str
    addresses: list[str]
    port: int
    groups: list[str]
    vpc: str | None = None
    # Why nobody is served there, if so.
    problem: Callable[[], str | None] = lambda: None


def unreachable(context: Context, told: str, groups: list[str], subnets: list[dict[str, Any]]) -> list[str]:
    """Those whose address a task is told, and that it cannot use, as sentences."""
    found = []
    for find in (_databases, _clusters, _proxies, _caches, _brokers):
        for service in find(context):
            if not any(address in told for address in service.addresses):
                continue
            name = service.name
            if service.vpc not in (None, subnets[0]['VpcId']):
                found.append(f'the tasks cannot reach {name}, which is in another VPC')
            elif not reaches(context, groups, service.groups, service.port):
                found.append(
                    f'the tasks cannot reach {name}: the security groups let nothing through on TCP port {service.port}'
                )
            elif problem := service.problem():
                found.append(f'the tasks cannot use {name}: {problem}')
    return found


def _databases(context: Context) -> list[DataService]:
    return [
        DataService(
            f'the database {each["DBInstanceIdentifier"]}',
            [each['Endpoint']['Address']],
            each['Endpoint']['Port'],
            [group['VpcSecurityGroupId'] for group in each['VpcSecurityGroups']],
            each.get('DBSubnetGroup', {}).get('VpcId'),
        )
        for each in context.aws('rds').describe_db_instances()['DBInstances']
    ]


def _clusters(context: Context) -> list[DataService]:
    rds = context.aws('rds')
    clusters = rds.describe_db_clusters()['DBClusters']
    vpcs = {
        group['DBSubnetGroupName']: group['VpcId']
        for group in (rds.describe_db_subnet_groups()['DBSubnetGroups'] if clusters else [])
    }
    return [
        DataService(
            f'the cluster {each["DBClusterIdentifier"]}',
            [each['Endpoint'], each['ReaderEndpoint']],
            each['Port'],
            [group['VpcSecurityGroupId'] for group in each['VpcSecurityGroups']],
            vpcs.get(each['DBSubnetGroup']),
            lambda each=each: None if each['DBClusterMembers'] else 'it has no instances',
        )
        for each in clusters
    ]


def _proxies(context: Context) -> list[DataService]:
    return [
        DataService(
            f'the proxy {each["DBProxyName"]}',
            [each['Endpoint']],
            proxy_service.PORTS[each['EngineFamily']],
            each['VpcSecurityGroupIds'],
            each['VpcId'],
            lambda each=each: proxy_service.problem(context, each),
        )
        for each in context.aws('rds').describe_db_proxies()['DBProxies']
    ]


def _caches(context: Context) -> list[DataService]:
    elasticache = context.aws('elasticache')
    groups = {
        cluster['ReplicationGroupId']: [group['SecurityGroupId'] for group in cluster['SecurityGroups']]
        for cluster in elasticache.describe_cache_clusters()['CacheClusters']
        if 'ReplicationGroupId' in cluster
    }
    return [
        DataService(f'the cache {name}', [endpoint['Address']], endpoint['Port'], groups[name])
        for each in elasticache.describe_replication_groups()['ReplicationGroups']
        if (name := each['ReplicationGroupId']) in groups
        for endpoint in [each.get('ConfigurationEndpoint') or each['NodeGroups'][0]['PrimaryEndpoint']]
    ]


def _brokers(context: Context) -> list[DataService]:
    mq = context.aws('mq')
    described = [mq.describe_broker(BrokerId=each['BrokerId']) for each in mq.list_brokers()['BrokerSummaries']]
    return [
        DataService(f'the broker {each["BrokerName"]}', [url.hostname or ''], url.port or 0, each['SecurityGroups'])
        for each in described
        for instance in each['BrokerInstances']
        for url in map(urlparse, instance['Endpoints'])
    ]
