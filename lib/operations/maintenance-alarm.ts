import { Aws, Duration, Validations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import { checkUnit, invalidProp } from '../invalid-prop';
import { MAINTENANCE_IS_ON } from './maintenance-begin';

/** How long a maintenance may take: whole hours between 1 and 24. */
export function checkedMaintenanceAlarmAfter(scope: IConstruct, after: Duration): Duration {
  const remedy = 'It is how long your longest maintenance takes; leave it out for 4 hours';
  checkUnit(scope, 'maintenanceAlarmAfter', 'Duration', after, remedy);
  const known = !after.isUnresolved();
  const hours = known ? after.toHours({ integral: false }) : Number.NaN;
  if (!Number.isInteger(hours) || hours < 1 || hours > 24) {
    throw invalidProp(scope, {
      prop: 'maintenanceAlarmAfter',
      problem: `must be whole hours between 1 and 24, got: ${known ? after.toHumanString() : 'a token'}`,
      remedy,
    });
  }
  return after;
}

/** Goes off when a maintenance was on in each of so many hours. */
export function maintenanceAlarm(scope: Construct, logGroup: logs.ILogGroup, after: Duration): cloudwatch.Alarm {
  const metric = new logs.MetricFilter(scope, 'HeldFilter', {
    logGroup,
    filterPattern: logs.FilterPattern.literal(
      `{ $.type = "PassStateEntered" && $.details.name = "${MAINTENANCE_IS_ON}" }`,
    ),
    metricNamespace: 'NocoBase',
    metricName: `MaintenanceIsOn-${Aws.STACK_NAME}-${scope.node.addr.slice(-8)}`,
  }).metric({ statistic: cloudwatch.Stats.SUM, period: Duration.hours(1) });
  const alarm = metric.createAlarm(scope, 'Abandoned', {
    alarmDescription: `Maintenance of the NocoBase cluster has been on for ${after.toHours()} hours: one node serves all users, and deployments are refused. End it: npx cdk-nocobase maintenance end --stack ${Aws.STACK_NAME}`,
    threshold: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: after.toHours(),
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  Validations.of(alarm).acknowledge({
    id: 'cdk-validator-cfnguard::cloudwatch_alarm_action_check',
    reason: 'Whom it tells is up to its user, who adds the actions.',
  });
  return alarm;
}
