import type { Duration } from 'aws-cdk-lib';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import { type FleetInMaintenance, type IMaintenance, Maintenance } from './maintenance';
import { type IUpgrades, Upgrades } from './upgrades';

/** The procedures of NocoBase's guide, as far as nodes do not follow them by themselves. */
export interface IOperations {
  /** Work on a single node. */
  readonly maintenance: IMaintenance;

  /** One version after the other. */
  readonly upgrades: IUpgrades;
}

export interface OperationsProps {
  readonly fleets: FleetInMaintenance[];
  readonly targetGroup: elbv2.ApplicationTargetGroup;
  readonly maintenanceRuleName: string;
  readonly maintenanceAlarmAfter: Duration;
  readonly logGroup: logs.ILogGroup;
  /** What refuses a deployment in maintenance, before anything is changed that maintenance has set. */
  readonly preflight: IDependable;
}

export class Operations extends Construct implements IOperations {
  public readonly maintenance: Maintenance;
  public readonly upgrades: Upgrades;

  constructor(scope: Construct, id: string, props: OperationsProps) {
    super(scope, id);
    this.upgrades = new Upgrades(this, 'Upgrades', { logGroup: props.logGroup });
    this.maintenance = new Maintenance(this, 'Maintenance', {
      fleets: props.fleets,
      targetGroup: props.targetGroup,
      ruleName: props.maintenanceRuleName,
      alarmAfter: props.maintenanceAlarmAfter,
    });
    for (const resource of this.maintenance.changes) resource.node.addDependency(props.preflight);
  }
}
