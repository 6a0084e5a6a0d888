import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as efs from 'aws-cdk-lib/aws-efs';
import type { IConstruct } from 'constructs';
import { invalidProp, isKnown } from '../invalid-prop';
import { mountTargetsOf } from '../storage/mount-targets';
import type { Network } from './network';
import { knownZoneOf } from './subnet-checks';

/**
 * The subnets of the nodes. A node mounts in its own availability zone: where
 * the nodes' subnets were not chosen, those in zones without a mount target are
 * left out, as far as zones and mount targets can be seen.
 */
export function mountableSubnets(scope: IConstruct, network: Network, fileSystem?: efs.IFileSystem): ec2.ISubnet[] {
  const { subnets, isPendingLookup } = network.vpc.selectSubnets(network.nodeSubnets);
  const mountZones = isPendingLookup ? undefined : zonesOf(network, fileSystem);
  if (mountZones === undefined) return subnets;
  const mounting = subnets.filter((subnet) => {
    const zone = knownZoneOf(subnet);
    return zone === undefined || !mountZones.every((other) => areDifferent(network.vpc, zone, other));
  });
  if (mounting.length === subnets.length) return subnets;
  if (network.nodesAreSelected || new Set(mounting.map(knownZoneOf)).size < 2) {
    throw invalidProp(scope, {
      prop: network.nodesAreSelected ? 'subnets.nodes' : 'subnets',
      problem: `puts nodes into availability zones in which ${fileSystem!.node.path} has no mount target, so that they could not start there`,
      remedy:
        'Select subnets of the nodes in zones that it has one in, or give it one in each zone of the nodes: with `subnets.data`, or `vpcSubnets` where it is made on its own',
    });
  }
  return mounting;
}

/** A token may be any zone, but those of one VPC are not each other's. */
function areDifferent({ availabilityZones }: ec2.IVpc, one: string, other: string): boolean {
  const both = [one, other];
  return one !== other && (both.every(isKnown) || both.every((zone) => availabilityZones.includes(zone)));
}

/** Where the file system can be mounted, if all of it can be seen. */
function zonesOf({ vpc, nodeSubnets, dataSubnets }: Network, fileSystem?: efs.IFileSystem): string[] | undefined {
  const targets = fileSystem ? mountTargetsOf(fileSystem) : [];
  const known = new Map(
    [
      ...vpc.publicSubnets,
      ...vpc.privateSubnets,
      ...vpc.isolatedSubnets,
      ...vpc.selectSubnets(nodeSubnets).subnets,
      ...vpc.selectSubnets(dataSubnets).subnets,
    ].map((subnet) => [subnet.subnetId, knownZoneOf(subnet)]),
  );
  const zones = targets.map(({ subnetId }) => known.get(subnetId));
  return zones.length === 0 || zones.includes(undefined) ? undefined : (zones as string[]);
}
