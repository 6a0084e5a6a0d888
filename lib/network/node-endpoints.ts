import { Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { resources } from '../app-resources';
import { checkConstruct, IMPORTED_VPC } from '../given';
import { invalidProp, isPending } from '../invalid-prop';
import { areTogether } from '../same-region';
import { checkOtherEndpoints, withoutS3Gateway } from './other-endpoints';
import { compareVpcs } from './same-vpc';
import { refuseSharedVpc } from './shared-vpc';
import { checkedSubnets } from './subnet-checks';

/** Properties of `NodeEndpoints`. */
export interface NodeEndpointsProps {
  /** The VPC, with DNS support and DNS hostnames. Changing it replaces the endpoints. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets that the endpoints stand in, one in an availability zone. Those of
   * the nodes save traffic between zones.
   *
   * @default - private subnets where there are some, isolated ones otherwise
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Also for keys and other values in Parameter Store.
   *
   * @default false
   */
  readonly parameterStore?: boolean;

  /**
   * Also for `aws ecs execute-command`.
   *
   * @default false
   */
  readonly executeCommand?: boolean;

  /**
   * Also a gateway endpoint for S3, from where the layers of an image come. A
   * route table takes one, so that a VPC which has one must not get another.
   * One that the app has made for the VPC before this is found, and none is made beside it. If it serves some of the
   * subnets, and others have neither it nor a NAT gateway, that is an error.
   *
   * @default - made where the VPC is of this app, which makes none for it; not made in an imported VPC, with a warning
   */
  readonly s3?: boolean;
}

/**
 * What nodes need of AWS in a VPC without a way out: endpoints for ECR, logs,
 * Secrets Manager and EFS, which users of this account may use and nobody else.
 *
 * Make one for a VPC, **before the clusters** in it: each of them lets its nodes
 * in, and its service waits for the endpoints; made later, they are an error.
 * Clusters in a stack for another account or region, such as one that the VPC is
 * shared with, do not find them: to let their nodes in, by a rule and in the
 * policies of `interfaceEndpoints`, is up to you.
 *
 * They have private DNS, of which a VPC takes one for a service, so that those
 * that the app makes beside them are an error. Everything in the VPC comes to
 * them that talks to these services; let others in by `connections`:
 *
 * ```ts
 * other.connections.allowToDefaultPort(endpoints);
 * ```
 *
 * They are no way out to anything else: not to Docker Hub, not to the service
 * that licensed plug-ins come from, not to mail servers, web hooks or sign-in
 * services that NocoBase is told to use, not to other regions.
 *
 * They cost more than a NAT gateway does: about 7 USD a month for each of them in
 * each availability zone. Instances of your own that nodes are placed on need
 * those for ECS as well (`ecs`, `ecs-agent`, `ecs-telemetry`).
 */
export class NodeEndpoints extends Construct implements ec2.IConnectable {
  /** The VPC. */
  public readonly vpc: ec2.IVpc;

  /** The network side, port 443. */
  public readonly connections: ec2.Connections;

  /**
   * The gateway endpoint for S3.
   *
   * @default - it was not made here
   */
  public readonly s3?: ec2.GatewayVpcEndpoint;

  private readonly subnets: ec2.SubnetSelection;
  private readonly securityGroup: ec2.SecurityGroup;
  private readonly made = new Map<string, ec2.InterfaceVpcEndpoint>();

  constructor(scope: Construct, id: string, props: NodeEndpointsProps) {
    super(scope, id);
    this.vpc = props.vpc;
    this.check();
    this.node.addValidation({ validate: () => checkOtherEndpoints(this, this.vpc) });
    const subnets = checkedSubnets(this, this.vpc, {
      prop: 'vpcSubnets',
      selection: props.vpcSubnets ?? {},
      onePerZone: true,
      fewestZones: 1,
    });
    // CDK refuses none at all, which is what there is in zones that are not looked up yet.
    this.subnets = this.vpc.selectSubnets(subnets).subnets.length > 0 ? subnets : {};
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: this.vpc,
      description: 'Endpoints for the nodes of NocoBase clusters',
      allowAllOutbound: false,
    });
    this.connections = new ec2.Connections({
      securityGroups: [this.securityGroup],
      defaultPort: ec2.Port.tcp(443),
    });
    const services = ec2.InterfaceVpcEndpointAwsService;
    this.add('EcrApi', services.ECR);
    this.add('EcrDocker', services.ECR_DOCKER);
    this.add('Logs', services.CLOUDWATCH_LOGS);
    this.add('SecretsManager', services.SECRETS_MANAGER);
    // To mount takes none; the mount helper asks EFS for the address when DNS does not tell it.
    this.add('Efs', services.ELASTIC_FILESYSTEM);
    if (props.parameterStore) {
      this.addParameterStore();
    }
    if (props.executeCommand) {
      this.add('ExecuteCommand', services.SSM_MESSAGES);
    }
    const isMadeHere = this.vpc instanceof ec2.Vpc;
    const hasS3 = this.hasS3(props.s3);
    if (props.s3 ?? (isMadeHere && !hasS3)) {
      this.s3 = this.makeS3();
    } else if (props.s3 === undefined && !isMadeHere && !hasS3) {
      Validations.of(this).addWarning(
        'cdk-nocobase:s3-gateway',
        'Whether this imported VPC has a gateway endpoint for S3, from where the layers of an image come, cannot be seen. Set `s3` to true to make one, or to false when there is one.',
      );
    }
  }

  /** The interface endpoints. */
  public get interfaceEndpoints(): ec2.InterfaceVpcEndpoint[] {
    return [...this.made.values()];
  }

  /** Also for keys and other values in Parameter Store; does nothing when that was asked for already. */
  public addParameterStore() {
    this.add('ParameterStore', ec2.InterfaceVpcEndpointAwsService.SSM);
  }

  private add(id: string, service: ec2.InterfaceVpcEndpointAwsService) {
    if (this.made.has(id)) return;
    const endpoint = new ec2.InterfaceVpcEndpoint(this, id, {
      vpc: this.vpc,
      subnets: this.subnets,
      service,
      securityGroups: [this.securityGroup],
      // The whole VPC otherwise.
      open: false,
    });
    // Of this one it is not established that it takes a policy; who may open a session is up to IAM.
    if (service !== ec2.InterfaceVpcEndpointAwsService.SSM_MESSAGES) {
      endpoint.addToPolicy(ownPrincipals(this));
    }
    this.made.set(id, endpoint);
  }

  /** Whether the app makes a gateway for S3 that the subnets go by. Another one beside it would have tables of it. */
  private hasS3(wanted: boolean | undefined): boolean {
    const { subnets } = this.vpc.selectSubnets(this.subnets);
    const without = withoutS3Gateway(this, this.vpc, subnets);
    const isIn = without.length < subnets.length;
    const withEgress = new Set(this.vpc.privateSubnets.map(({ subnetId }) => subnetId));
    const stranded = without.filter(
      ({ subnetId, routeTable }) => !withEgress.has(subnetId) && !isPending(routeTable?.routeTableId ?? ''),
    );
    if (wanted !== false && isIn && stranded.length > 0) {
      throw invalidProp(this, {
        prop: 's3',
        problem: `has to be for all subnets, and the app makes a gateway for S3 that is not in the route tables of ${stranded.map(({ node }) => node.path).join(', ')}: nodes there could not pull their image`,
        remedy:
          'Make that gateway with them too (`subnets` of it), leave it out for one that is made here, or set `s3` to false where they have another way to S3',
      });
    }
    return isIn;
  }

  private makeS3(): ec2.GatewayVpcEndpoint {
    const { subnets } = this.vpc.selectSubnets(this.subnets);
    if (!subnets.some(({ routeTable }) => routeTable?.routeTableId)) {
      throw invalidProp(this, {
        prop: 's3',
        problem: 'needs the route tables of the subnets, and the `vpc` was imported without',
        remedy: 'Import it with them (`privateSubnetRouteTableIds`, `isolatedSubnetRouteTableIds`), or leave `s3` out',
      });
    }
    const endpoint = new ec2.GatewayVpcEndpoint(this, 'S3', {
      vpc: this.vpc,
      service: ec2.GatewayVpcEndpointAwsService.S3,
      subnets: [this.subnets],
    });
    limitS3(endpoint);
    return endpoint;
  }

  private check() {
    checkConstruct(this, 'vpc', this.vpc, IMPORTED_VPC);
    const other = findNodeEndpoints(this, this.vpc);
    if (other) {
      throw invalidProp(this, {
        prop: 'vpc',
        problem: `has node endpoints already: ${other.node.path}`,
        remedy: 'Use those. A VPC takes one endpoint with private DNS for a service',
      });
    }
    refuseSharedVpc(this, this.vpc, 'Leave the endpoints to the owner of the VPC');
    if (this.vpc instanceof ec2.Vpc && !(this.vpc.dnsSupportEnabled && this.vpc.dnsHostnamesEnabled)) {
      throw invalidProp(this, {
        prop: 'vpc',
        problem: 'has no DNS support or no DNS hostnames, without which nodes do not find endpoints',
        remedy: 'Set `enableDnsSupport` and `enableDnsHostnames` of the VPC to true',
      });
    }
  }
}

/** The endpoints, others than the scope, that were made for a VPC in the same stage, account and region: only to those can rules be added. */
export function findNodeEndpoints(scope: IConstruct, vpc: ec2.IVpc): NodeEndpoints | undefined {
  return resources(scope, isNodeEndpoints).find(
    (other) => other !== scope && areTogether(other, scope) && compareVpcs(other.vpc, vpc) === 'same',
  );
}

function isNodeEndpoints(construct: unknown): construct is NodeEndpoints {
  return construct instanceof NodeEndpoints;
}

/** Whether one was made that is made by choice only. */
export function hasEndpoint({ interfaceEndpoints }: NodeEndpoints, id: 'ParameterStore' | 'ExecuteCommand'): boolean {
  return interfaceEndpoints.some(({ node }) => node.id === id);
}

/** The layers of images, which ECR signs for with a principal of its own, and what users of this account may do. */
export function limitS3(endpoint: ec2.GatewayVpcEndpoint) {
  const { partition, region } = Stack.of(endpoint);
  endpoint.addToPolicy(
    new iam.PolicyStatement({
      sid: 'ImageLayers',
      principals: [new iam.StarPrincipal()],
      actions: ['s3:GetObject'],
      // Amazon ECR user guide, "Minimum Amazon S3 bucket permissions for Amazon ECR".
      resources: [`arn:${partition}:s3:::prod-${region}-starport-layer-bucket/*`],
    }),
  );
  endpoint.addToPolicy(ownPrincipals(endpoint));
}

/** Somebody who breaks into a node could otherwise carry data away, through the only way out, with keys of their own. */
function ownPrincipals(scope: Construct): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: 'PrincipalsOfThisAccount',
    principals: [new iam.StarPrincipal()],
    actions: ['*'],
    resources: ['*'],
    conditions: { StringEquals: { 'aws:PrincipalAccount': Stack.of(scope).account } },
  });
}
