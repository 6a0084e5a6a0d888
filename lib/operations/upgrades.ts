import { Aws, Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Lines of the launcher (decide.js, gate.js). */
const SUPERSEDED = 'is superseded:';
const RESTORE_POINT = 'Restore point:';

/** What nodes say of upgrades. */
export interface IUpgrades {
  /**
   * Goes off while a version was given up and users see a page, because nodes of
   * the version before must not run on what that has begun to migrate. It has no
   * actions until you add some.
   */
  readonly alarm: cloudwatch.Alarm;

  /**
   * How often a version has begun on a database that another one was on, each try
   * counted. The restore point is in the log of the nodes, and in the answer of
   * `cdk-nocobase status`.
   *
   * @default - the sum over five minutes
   */
  metricBegun(options?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** What nodes say of upgrades in their log, as metrics and an alarm. */
export class Upgrades extends Construct implements IUpgrades {
  public readonly alarm: cloudwatch.Alarm;
  private readonly begun: cloudwatch.Metric;

  constructor(scope: Construct, id: string, props: { readonly logGroup: logs.ILogGroup }) {
    super(scope, id);
    this.begun = this.count('Begun', props.logGroup, RESTORE_POINT);
    this.alarm = new cloudwatch.Alarm(this, 'SupersededAlarm', {
      alarmDescription:
        'An upgrade of NocoBase was given up, and nodes of the version before answer with a page (503): they must not ' +
        'run on what the newer version has migrated. Deploy a version that works, or restore the database to the ' +
        'restore point that is in the log of the nodes.',
      metric: this.count('Superseded', props.logGroup, SUPERSEDED),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  public metricBegun(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return options === undefined ? this.begun : this.begun.with(options);
  }

  /** How often a line of the launcher has this text. */
  private count(id: string, logGroup: logs.ILogGroup, text: string): cloudwatch.Metric {
    const filter = new logs.MetricFilter(this, id, {
      logGroup,
      filterPattern: logs.FilterPattern.literal(`"[launcher]" "${text}"`),
      metricNamespace: 'NocoBase',
      // Of one cluster: a metric of logs has no dimension that tells clusters apart.
      metricName: `Upgrades${id}-${Aws.STACK_NAME}-${this.node.addr.slice(-8)}`,
    });
    return filter.metric({ statistic: 'Sum', period: Duration.minutes(5) });
  }
}
