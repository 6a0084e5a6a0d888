import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { invalidProp } from '../invalid-prop';

/** What somebody selected, and what it has to be. */
export interface SelectedSubnets {
  readonly prop: string;
  readonly selection: ec2.SubnetSelection;
  /** Load balancers, mount targets and endpoints take one subnet in a zone. */
  readonly onePerZone: boolean;
  readonly fewestZones: number;
  /** Why they may not be public, if they may not. */
  readonly whyNotPublic?: string;
}

/** Subnets as they were selected, if they are what they have to be. */
export function checkedSubnets(scope: IConstruct, vpc: ec2.IVpc, given: SelectedSubnets): ec2.SubnetSelection {
  const { prop, fewestZones, whyNotPublic } = given;
  const { subnetFilters } = given.selection;
  const selection = {
    ...given.selection,
    ...(given.onePerZone && { onePerAz: true }),
    // CDK adds to the array that it is given.
    ...(subnetFilters && { subnetFilters: [...subnetFilters] }),
  };
  const { subnets, isPendingLookup } = selected(scope, vpc, prop, selection);
  if (isPendingLookup) return selection;

  const zones = subnets.map(zoneOf);
  const distinct = new Set(zones);
  if (!isDeployTimeList(zones)) {
    if (distinct.size < fewestZones) {
      throw invalidProp(scope, {
        prop,
        problem: `has ${selection.subnetType ? `${selection.subnetType} ` : ''}subnets in ${distinct.size} availability ${distinct.size === 1 ? 'zone' : 'zones'} only`,
        remedy: fewestZones > 1 ? 'A cluster needs them in at least two' : 'It needs one',
      });
    }
    if (given.onePerZone && distinct.size < zones.length) {
      throw invalidProp(scope, {
        prop,
        problem: 'has several subnets in one availability zone',
        remedy: 'Name one in each zone',
      });
    }
  }
  const ofPublic = new Set(vpc.publicSubnets.map(({ subnetId }) => subnetId));
  if (whyNotPublic !== undefined && subnets.some(({ subnetId }) => ofPublic.has(subnetId))) {
    throw invalidProp(scope, { prop, problem: `has public subnets, ${whyNotPublic}`, remedy: 'Select private ones' });
  }
  return selection;
}

function selected(scope: IConstruct, vpc: ec2.IVpc, prop: string, selection: ec2.SubnetSelection) {
  try {
    return vpc.selectSubnets(selection);
  } catch (error) {
    throw invalidProp(scope, {
      prop,
      problem: `selects nothing in the VPC: ${(error as Error).message}`,
      remedy: 'Select subnets that it has',
    });
  }
}

/** A subnet that was imported by its id alone does not tell; it gets the benefit of the doubt. */
function zoneOf(subnet: ec2.ISubnet): string {
  try {
    return subnet.availabilityZone;
  } catch {
    return `that of ${subnet.subnetId}`;
  }
}

/** Zones that are tokens are told apart like others, unless all of them are one list. */
function isDeployTimeList(zones: string[]): boolean {
  return zones.some((zone) => zone.includes('#{Token'));
}
