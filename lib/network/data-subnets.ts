import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { checkConstruct, IMPORTED_VPC } from '../given';
import { checkedSubnets, refuseList } from './subnet-checks';
import { usualType } from './usual-subnets';

/** What something that holds data asks of its subnets. */
export interface DataSubnetRules {
  /**
   * Mount targets and brokers take one subnet in a zone.
   *
   * @default false
   */
  readonly onePerZone?: boolean;

  /** @default 2 */
  readonly fewestZones?: number;

  /**
   * It names its subnets one by one.
   *
   * @default false
   */
  readonly singly?: boolean;
}

/** Where something that holds data goes when it is made on its own: the same place that a cluster has for it. */
export function dataSubnets(
  scope: IConstruct,
  vpc: ec2.IVpc,
  given: ec2.SubnetSelection | undefined,
  { onePerZone = false, fewestZones = 2, singly = false }: DataSubnetRules = {},
): ec2.SubnetSelection {
  checkConstruct(scope, 'vpc', vpc, IMPORTED_VPC);
  const { PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS } = ec2.SubnetType;
  const selection = checkedSubnets(scope, vpc, {
    prop: given ? 'vpcSubnets' : 'vpc',
    insteadBy: given ? undefined : 'vpcSubnets',
    selection: given ?? {
      subnetType: usualType(vpc, [PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS], fewestZones),
      onePerAz: true,
    },
    onePerZone,
    fewestZones,
    whyNotPublic: 'where nothing belongs that holds data',
  });
  // A list is a matter of how the VPC was imported, whatever was selected of it.
  if (singly) refuseList(scope, vpc, given?.subnets ? 'vpcSubnets' : 'vpc', selection);
  return selection;
}
