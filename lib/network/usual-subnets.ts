import { type IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import { areEnough } from './subnet-checks';

/**
 * The kind of subnets where nobody selected any: the preferred one, where it is
 * in enough zones. A VPC may have a single subnet of a kind, for a firewall say.
 */
export function usualType(
  vpc: IVpc,
  [preferred, other]: readonly [SubnetType, SubnetType],
  fewestZones?: number,
): SubnetType {
  const subnetsOf = (type: SubnetType) =>
    type === SubnetType.PRIVATE_ISOLATED ? vpc.isolatedSubnets : vpc.privateSubnets;
  return (
    [preferred, other].find((type) => areEnough(vpc, subnetsOf(type), fewestZones)) ??
    (subnetsOf(preferred).length > 0 ? preferred : other)
  );
}
