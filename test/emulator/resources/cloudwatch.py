"""AWS::CloudWatch"""

from typing import Any

from cloudformation.resource import Context, Handler, Properties, handles

from .tagging import KEPT, replace


@handles('AWS::CloudWatch::Alarm')
class Alarm(Handler):
    SETTINGS = (
        'ActionsEnabled',
        'AlarmActions',
        'AlarmDescription',
        'ComparisonOperator',
        'DatapointsToAlarm',
        'Dimensions',
        'EvaluationPeriods',
        'ExtendedStatistic',
        'InsufficientDataActions',
        'MetricName',
        'Metrics',
        'Namespace',
        'OKActions',
        'Period',
        'Statistic',
        'Threshold',
        'TreatMissingData',
        'Unit',
    )

    def create(self, context: Context, properties: Properties) -> str:
        context.physical_id = properties.take('AlarmName') or context.name(255)
        self._put(context, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._put(context, new)
        cloudwatch, arn = context.aws('cloudwatch'), self.attributes(context, new.values)['Arn']
        replace(
            old.get('Tags'),
            context.tags(new.take('Tags')),
            lambda keys: cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys),
            lambda tags: cloudwatch.tag_resource(ResourceARN=arn, Tags=tags),
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('cloudwatch').delete_alarms(AlarmNames=[context.physical_id])

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.arn('cloudwatch', f'alarm:{context.physical_id}')}

    def _put(self, context: Context, properties: Properties) -> None:
        settings = properties.given(*self.SETTINGS) | context.tagged(properties)
        context.aws('cloudwatch').put_metric_alarm(AlarmName=context.physical_id, **settings)


@handles('AWS::CloudWatch::Dashboard')
class Dashboard(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        context.physical_id = properties.take('DashboardName') or context.name(255)
        self.update(context, {}, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        context.aws('cloudwatch').put_dashboard(
            DashboardName=context.physical_id, DashboardBody=new.take('DashboardBody')
        )
        arn = context.arn('cloudwatch', f'dashboard/{context.physical_id}', region='')
        KEPT[arn] = context.tags(new.take('Tags'))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('cloudwatch').delete_dashboards(DashboardNames=[context.physical_id])
