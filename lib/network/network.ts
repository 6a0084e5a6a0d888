import { RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { invalidProp, refuseToken } from '../invalid-prop';
import { acknowledgeLogGroup } from '../log-group-rules';

export interface NetworkProps {
  readonly vpc?: ec2.IVpc;
  readonly natGateways?: number;
}

/** The VPC and which of its subnets are for what. */
export class Network extends Construct {
  public readonly vpc: ec2.IVpc;
  /** Nodes: no address of their own on the internet, but a way out to it. */
  public readonly nodeSubnets: ec2.SubnetSelection = {
    subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS,
    onePerAz: true,
  };
  /** Data stores: no way out at all, where the VPC has such subnets. */
  public readonly dataSubnets: ec2.SubnetSelection;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    this.vpc = props.vpc ?? this.createVpc(props.natGateways ?? 1);
    this.dataSubnets = {
      subnetType:
        this.vpc.isolatedSubnets.length > 0 ? ec2.SubnetType.PRIVATE_ISOLATED : ec2.SubnetType.PRIVATE_WITH_EGRESS,
      // A file system takes one mount target in a zone.
      onePerAz: true,
    };
    if (props.vpc) {
      this.check(props);
    }
  }

  private createVpc(natGateways: number): ec2.IVpc {
    refuseToken(this, 'natGateways', natGateways);
    if (!Number.isInteger(natGateways) || natGateways < 1 || natGateways > 2) {
      throw invalidProp(this, {
        prop: 'natGateways',
        problem: `must be 1 or 2 (one for each availability zone), got: ${natGateways}`,
        remedy:
          'Nodes need a way out to the image registry and to the licence service; to have another, pass your own `vpc`',
      });
    }
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways,
      // Nothing is in that group; emptying it takes a Lambda of CDK's.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'Nodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
        { name: 'Data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
    const logGroup = new logs.LogGroup(this, 'FlowLogs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledgeLogGroup(logGroup);
    vpc.addFlowLog('Rejected', {
      trafficType: ec2.FlowLogTrafficType.REJECT,
      destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup),
    });
    return vpc;
  }

  private check(props: NetworkProps) {
    if (props.natGateways !== undefined) {
      throw invalidProp(this, {
        prop: 'natGateways',
        problem: `${props.natGateways} has no meaning together with a \`vpc\` of your own`,
        remedy: 'Leave one of the two out',
      });
    }
    const { account, region } = Stack.of(this);
    const { env } = this.vpc;
    for (const [what, given, ours] of [
      ['account', env.account, account],
      ['region', env.region, region],
    ]) {
      if (![given, ours].some(Token.isUnresolved) && given !== ours) {
        throw invalidProp(this, {
          prop: 'vpc',
          problem: `is in ${what} ${given}, and the cluster in ${ours}`,
          remedy: 'Put both into the same account and region',
        });
      }
    }
    if (this.vpc.privateSubnets.length === 0) {
      throw invalidProp(this, {
        prop: 'vpc',
        problem: 'has no private subnets with a way out, where the nodes belong',
        remedy: 'Give it subnets of type PRIVATE_WITH_EGRESS (private, with a NAT gateway) in two availability zones',
      });
    }
    for (const subnets of [this.nodeSubnets, this.dataSubnets]) {
      const zones = new Set(this.vpc.selectSubnets(subnets).availabilityZones);
      // Zones that are tokens are told apart like others, unless all of them are one list.
      const known = ![...zones].some((zone) => zone.startsWith('#{Token'));
      if (known && zones.size < 2) {
        throw invalidProp(this, {
          prop: 'vpc',
          problem: `has ${subnets.subnetType} subnets in ${zones.size} availability zone only`,
          remedy: 'A cluster needs them in at least two',
        });
      }
    }
  }
}
