import { Stack } from 'aws-cdk-lib';
import { CfnVPCEndpoint, type ISubnet, type IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { pathOf, resources } from '../app-resources';
import { identityOf } from '../identity';
import { invalidProp, isPending } from '../invalid-prop';
import { areTogether } from '../same-region';

/** Those of the subnets that go by no gateway endpoint for S3 of the app, as far as their route tables are known. */
export function withoutS3Gateway(scope: IConstruct, vpc: IVpc, subnets: ISubnet[]): ISubnet[] {
  const gateways = endpointsOf(scope, vpc).filter((endpoint) => isGateway(endpoint) && serviceOf(endpoint) === 's3');
  if (gateways.length === 0) return subnets;
  return subnets.filter(({ routeTable }) => {
    const id = routeTable?.routeTableId;
    return id !== undefined && !gateways.some(({ routeTableIds }) => routeTableIds?.includes(id));
  });
}

/** Endpoints of the same app that EC2 would refuse beside those that a scope has made, or because of which it would refuse them. */
export function checkOtherEndpoints(scope: IConstruct, vpc: IVpc): string[] {
  const all = endpointsOf(scope, vpc);
  const [ours, others] = [true, false].map((are) => all.filter(({ node }) => node.scopes.includes(scope) === are));
  return ours.flatMap((endpoint) =>
    others
      .filter((other) => serviceOf(other) === serviceOf(endpoint) && collide(other, endpoint))
      .map((other) => invalidProp(scope, collision(endpoint, other)).message),
  );
}

function collision(endpoint: CfnVPCEndpoint, other: CfnVPCEndpoint) {
  return isGateway(endpoint)
    ? {
        prop: 's3',
        problem: `makes a second gateway for S3 in route tables that have ${pathOf(other)}`,
        remedy: 'Take one of the two out: for this one set `s3` to false',
      }
    : {
        prop: 'vpc',
        problem: `has ${pathOf(other)} beside ${pathOf(endpoint)}, and takes one endpoint with private DNS for a service`,
        remedy:
          'Take it out, where it is deployed already in a deployment before this one, and let others in to this one: other.connections.allowToDefaultPort(endpoints)',
      };
}

function collide(one: CfnVPCEndpoint, other: CfnVPCEndpoint): boolean {
  if (isGateway(one) !== isGateway(other)) return false;
  return isGateway(one)
    ? (one.routeTableIds ?? []).some((id) => !isPending(id) && other.routeTableIds?.includes(id))
    : one.privateDnsEnabled === true && other.privateDnsEnabled === true;
}

/** In the same stage, which may be made for one account after the other. */
function endpointsOf(scope: IConstruct, vpc: IVpc): CfnVPCEndpoint[] {
  // What a look-up answers at first is the same for all networks.
  if (isPending(vpc.vpcId)) return [];
  const identity = identityOf(vpc, vpc.vpcId);
  return resources(scope, CfnVPCEndpoint.isCfnVPCEndpoint).filter(
    (endpoint) => areTogether(endpoint, scope) && identityOf(endpoint, endpoint.vpcId ?? '') === identity,
  );
}

function isGateway({ vpcEndpointType = 'Gateway' }: CfnVPCEndpoint): boolean {
  return vpcEndpointType === 'Gateway';
}

/** What stands behind the region, which is a token or is not: `ecr.api`. */
function serviceOf(endpoint: CfnVPCEndpoint): string {
  const name = JSON.stringify(Stack.of(endpoint).resolve(endpoint.serviceName) ?? '');
  return /(?:[a-z]+(?:-[a-z]+)+-\d|\{"Ref":"AWS::Region"\},")\.([\w.-]+)"/.exec(name)?.[1] ?? name;
}
