import { CfnSubnet, type ISubnet, type IVpc, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { referredResource } from '../app-resources';
import { invalidProp, isPending } from '../invalid-prop';
import { areDifferentVpcs } from './same-vpc';

/** What somebody selected, and what it has to be. */
export interface SelectedSubnets {
  readonly prop: string;
  /** The prop that selects others, where nobody has selected these. */
  readonly insteadBy?: string;
  readonly selection: SubnetSelection;
  /** Load balancers, mount targets and endpoints take one subnet in a zone. */
  readonly onePerZone: boolean;
  readonly fewestZones: number;
  /** Why they may not be public, if they may not. */
  readonly whyNotPublic?: string;
}

/** Subnets as they were selected, if they are what they have to be. */
export function checkedSubnets(scope: IConstruct, vpc: IVpc, given: SelectedSubnets): SubnetSelection {
  const { prop, fewestZones, whyNotPublic } = given;
  checkSelection(scope, prop, given.selection);
  const wanted = { ...copy(given.selection), ...(given.onePerZone && { onePerAz: true }) };
  const all = selected(scope, vpc, prop, { ...copy(wanted), onePerAz: false });
  // Of zones that are one list CDK takes all subnets to be in one, and would leave out all but the first.
  const selection = all.subnets.some((subnet) => knownZoneOf(subnet) === undefined)
    ? { ...wanted, onePerAz: false }
    : wanted;
  const { subnets, isPendingLookup } = selected(scope, vpc, prop, selection);
  if (isPendingLookup) return selection;

  refuseElsewhere(scope, vpc, prop, subnets);
  const zones = subnets.map(zoneOf);
  const distinct = new Set(zones);
  if (!areOpen(vpc, subnets)) {
    if (distinct.size < fewestZones) {
      const instead = given.insteadBy ? `: make more, or select others by \`${given.insteadBy}\`` : '';
      throw invalidProp(scope, {
        prop,
        problem: `has ${selection.subnetType ? `${selection.subnetType} ` : ''}subnets in ${distinct.size} availability ${distinct.size === 1 ? 'zone' : 'zones'} only`,
        remedy: `${fewestZones > 1 ? 'A cluster needs them in at least two' : 'It needs one'}${instead}`,
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
  if (whyNotPublic !== undefined && subnets.some(({ subnetId }) => !isPending(subnetId) && ofPublic.has(subnetId))) {
    throw invalidProp(scope, { prop, problem: `has public subnets, ${whyNotPublic}`, remedy: 'Select private ones' });
  }
  return selection;
}

/** Whether a VPC has such subnets, and in so many zones as far as can be seen. */
export function areEnough(vpc: IVpc, subnets: ISubnet[], fewestZones = 2): boolean {
  return subnets.length > 0 && (areOpen(vpc, subnets) || new Set(subnets.map(zoneOf)).size >= fewestZones);
}

/** Refuses subnets that are one list, of which only the deployment knows how many it has. */
export function refuseList(scope: IConstruct, vpc: IVpc, prop: string, selection: SubnetSelection) {
  if (!vpc.selectSubnets(selection).subnets.some(isList)) return;
  throw invalidProp(scope, {
    prop,
    problem: 'has its subnets as one list of a length that is not known, and they are named one by one here',
    remedy: "Give the length: Fn.split(',', list, 2), or Fn.select(0, list), Fn.select(1, list) of a parameter",
  });
}

function checkSelection(scope: IConstruct, prop: string, selection: SubnetSelection) {
  if (typeof selection !== 'object' || Array.isArray(selection)) {
    throw invalidProp(scope, {
      prop,
      problem: `must be a selection of subnets, got: ${Array.isArray(selection) ? 'a list' : typeof selection}`,
      remedy: 'Write e.g. { subnets: [ … ] } or { subnetGroupName }',
    });
  }
  const { subnets } = selection;
  const areSubnets = Array.isArray(subnets) && subnets.every((subnet) => typeof subnet?.subnetId === 'string');
  if (subnets === undefined || areSubnets) return;
  throw invalidProp(scope, {
    prop: `${prop}.subnets`,
    problem: 'must be a list of subnets, as constructs',
    remedy: 'Import each by its id: Subnet.fromSubnetAttributes(this, id, { subnetId, availabilityZone })',
  });
}

/** CDK adds to the array of filters that it is given. */
function copy(selection: SubnetSelection): SubnetSelection {
  const { subnetFilters } = selection;
  return { ...selection, ...(subnetFilters && { subnetFilters: [...subnetFilters] }) };
}

function selected(scope: IConstruct, vpc: IVpc, prop: string, selection: SubnetSelection) {
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

/** CDK takes subnets of any VPC; security groups, which are of this one, do not go with those of another. */
function refuseElsewhere(scope: IConstruct, vpc: IVpc, prop: string, subnets: ISubnet[]) {
  const elsewhere = subnets.find((subnet) => {
    const resource = referredResource(subnet.subnetId);
    return CfnSubnet.isCfnSubnet(resource) && areDifferentVpcs(resource.vpcId, vpc.vpcId);
  });
  if (elsewhere === undefined) return;
  throw invalidProp(scope, {
    prop,
    problem: `has a subnet of another VPC than ${vpc.node.path}: ${elsewhere.node.path}`,
    remedy: 'Select subnets of that VPC',
  });
}

/** One whose zone is not known gets the benefit of the doubt. */
function zoneOf(subnet: ISubnet): string {
  return knownZoneOf(subnet) ?? `that of ${subnet.subnetId}`;
}

/** Nothing for a subnet that was imported by its id alone or is looked up, and for an element of a list that only the deployment knows. */
export function knownZoneOf(subnet: ISubnet): string | undefined {
  try {
    return isPending(subnet.subnetId) || isListToken(subnet.availabilityZone) ? undefined : subnet.availabilityZone;
  } catch {
    return undefined;
  }
}

/** Whether only the deployment or a look-up tells how many there are, or which zones the VPC has. */
function areOpen({ vpcId, availabilityZones }: IVpc, subnets: ISubnet[]): boolean {
  const texts = [vpcId, ...availabilityZones, ...subnets.flatMap((subnet) => [subnet.subnetId, zoneOf(subnet)])];
  return subnets.some(isList) || texts.some(isPending);
}

function isList({ subnetId }: ISubnet): boolean {
  return isListToken(subnetId);
}

function isListToken(text: string): boolean {
  return text.includes('#{Token');
}
