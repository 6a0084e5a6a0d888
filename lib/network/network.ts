import { RemovalPolicy, Stack, Stage, Token, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import { invalidProp, isKnown, refuseToken } from '../invalid-prop';
import { acknowledgeLogGroup } from '../log-group-rules';
import type { ClusterSubnets } from './cluster-subnets';
import { findNodeEndpoints, hasEndpoint, limitS3, NodeEndpoints } from './node-endpoints';
import { areEnough, checkedSubnets, type SelectedSubnets } from './subnet-checks';
import { usualType } from './usual-subnets';
import type { WayOut } from './way-out';

const { PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS } = ec2.SubnetType;

export interface NetworkProps {
  readonly vpc?: ec2.IVpc;
  /** What it came by: `vpc` unless told otherwise. */
  readonly vpcProp?: string;
  readonly subnets?: ClusterSubnets;
  readonly natGateways?: number;
  /** Where there is no way out, it takes an endpoint. */
  readonly enableExecuteCommand?: boolean;
}

/** The VPC and which of its subnets are for what. */
export class Network extends Construct {
  public readonly vpc: ec2.IVpc;
  /** The load balancer, where the user says so. */
  public readonly entranceSubnets?: ec2.SubnetSelection;
  /** Nodes: no address of their own on the internet, but a way out to it if there is one. */
  public readonly nodeSubnets: ec2.SubnetSelection;
  /** Whether somebody chose them. */
  public readonly nodesAreSelected: boolean;
  /** Data stores: no way out at all, where the VPC has such subnets. */
  public readonly dataSubnets: ec2.SubnetSelection;
  /** Whether nodes have a way out. */
  public readonly wayOut: WayOut;
  /** Endpoints that nodes have to be let in to, made here or before by the user. */
  public readonly endpoints?: NodeEndpoints;
  /** What nodes need to reach AWS, beside the routes of their subnets. */
  public readonly startAfter: IDependable[] = [];

  private readonly vpcProp: string;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    this.vpcProp = props.vpcProp ?? 'vpc';
    this.nodesAreSelected = props.subnets?.nodes !== undefined;
    this.node.addValidation({ validate: () => this.checkEndpoints() });
    this.checkTiers(props.subnets);
    if (props.vpc === undefined) {
      this.refuseSubnets(props.subnets);
      const natGateways = props.natGateways ?? 1;
      const vpc = this.createVpc(natGateways);
      this.vpc = vpc;
      this.nodeSubnets = { subnetGroupName: 'Nodes', onePerAz: true };
      this.dataSubnets = { subnetGroupName: 'Data', onePerAz: true };
      this.wayOut = natGateways > 0 ? 'there' : 'none';
      if (natGateways === 0) {
        const s3 = vpc.node.findChild('S3') as ec2.GatewayVpcEndpoint;
        limitS3(s3);
        this.endpoints = new NodeEndpoints(this, 'Endpoints', {
          vpc,
          vpcSubnets: this.nodeSubnets,
          executeCommand: props.enableExecuteCommand,
        });
        this.startAfter.push(this.endpoints, s3);
      }
      return;
    }
    this.vpc = props.vpc;
    this.check(props);
    const { entrance, nodes, data } = props.subnets ?? {};
    this.entranceSubnets = entrance && this.tier('subnets.entrance', entrance, { onePerZone: true });
    this.nodeSubnets = this.tier(nodes ? 'subnets.nodes' : this.vpcProp, nodes ?? this.usualNodeSubnets(), {
      insteadBy: nodes ? undefined : 'subnets.nodes',
      onePerZone: nodes === undefined,
      whyNotPublic: 'where nodes, which get no address on the internet, have no way out',
    });
    const selected = data ?? (areEnough(this.vpc, this.vpc.isolatedSubnets) ? undefined : nodes);
    this.dataSubnets = this.tier(selected ? 'subnets.data' : this.vpcProp, selected ?? this.usualDataSubnets(), {
      // A file system takes one mount target in a zone.
      onePerZone: true,
      whyNotPublic: 'where nothing belongs that holds data',
    });
    this.endpoints = findNodeEndpoints(this, this.vpc);
    if (this.endpoints) {
      this.startAfter.push(this.endpoints);
    }
    this.wayOut = this.seeWayOut();
    if (this.wayOut === 'unknown' && this.endpoints === undefined) {
      Validations.of(this).addWarning(
        'cdk-nocobase:node-endpoints',
        'Nodes are in subnets without a known way out and reach AWS by endpoints only: interface endpoints for ECR (api and dkr), CloudWatch Logs, Secrets Manager and EFS, and a gateway endpoint for S3. Make them before the cluster, new NodeEndpoints(this, "Endpoints", { vpc }), or acknowledge this when the VPC has them and lets the nodes in (`cluster.connections`).',
      );
    }
    if (props.enableExecuteCommand) {
      this.askFor('ExecuteCommand', '`enableExecuteCommand`', 'executeCommand');
    }
  }

  /** For values in Parameter Store. Endpoints of the user are the user's. */
  public reachParameterStore() {
    if (this.wayOut === 'none') {
      this.endpoints?.addParameterStore();
    } else {
      this.askFor('ParameterStore', 'What nodes are given from Parameter Store', 'parameterStore');
    }
  }

  private askFor(endpoint: 'ParameterStore' | 'ExecuteCommand', what: string, option: string) {
    if (this.wayOut !== 'unknown' || (this.endpoints && hasEndpoint(this.endpoints, endpoint))) return;
    const service = endpoint === 'ParameterStore' ? 'ssm' : 'ssmmessages';
    Validations.of(this).addWarning(
      `cdk-nocobase:${service}-endpoint`,
      `${what} takes an interface endpoint for ${service} where nodes have no way out, and ${this.endpoints ? `${this.endpoints.node.path} has none` : 'none is known'}. Set \`${option}\` of the NodeEndpoints, or acknowledge this when the VPC has one that lets the nodes in.`,
    );
  }

  /** Those that came after the cluster: its nodes would be sent to them and not be let in. */
  private checkEndpoints(): string[] {
    const found = findNodeEndpoints(this, this.vpc);
    if (found === undefined || found === this.endpoints) return [];
    const details = {
      prop: this.vpcProp,
      problem: `got node endpoints after the cluster was made, which do not let its nodes in: ${found.node.path}`,
      remedy: 'Make the NodeEndpoints before the cluster, in a VPC of your own',
    };
    return [invalidProp(this, details).message];
  }

  private createVpc(natGateways: number): ec2.Vpc {
    refuseToken(this, 'natGateways', natGateways);
    if (![0, 1, 2].includes(natGateways)) {
      throw invalidProp(this, {
        prop: 'natGateways',
        problem: `must be 0, 1 or 2 (one for each availability zone), got: ${natGateways}`,
        remedy:
          'With 0, nodes have no way out and reach AWS by endpoints; to have another way out, pass your own `vpc`',
      });
    }
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways,
      // Nothing is in that group; emptying it takes a Lambda of CDK's.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        {
          name: 'Nodes',
          subnetType: natGateways > 0 ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED,
          cidrMask: 22,
        },
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

  private checkTiers(subnets: unknown) {
    if (subnets === undefined || subnets === null || (typeof subnets === 'object' && !Array.isArray(subnets))) return;
    throw invalidProp(this, {
      prop: 'subnets',
      problem: `must say what the subnets are for, got: ${Array.isArray(subnets) ? 'a list' : typeof subnets}`,
      remedy: 'Write e.g. { nodes: { subnets: [ … ] } }; there are `entrance`, `nodes` and `data`',
    });
  }

  private refuseSubnets(subnets: ClusterSubnets | undefined) {
    if (Object.values(subnets ?? {}).some((selection) => selection !== undefined)) {
      throw invalidProp(this, {
        prop: 'subnets',
        problem: 'have no meaning without a `vpc` of your own: those of the VPC that is made have their places',
        remedy: 'Give the `vpc` that they are of, or leave them out',
      });
    }
  }

  private check(props: NetworkProps) {
    if (props.natGateways !== undefined) {
      throw invalidProp(this, {
        prop: 'natGateways',
        problem: `${props.natGateways} has no meaning together with a \`vpc\` of your own`,
        remedy: 'Leave one of the two out',
      });
    }
    // An imported one may be shared by another account, and one that is made there cannot be referred to.
    const isMade = this.vpc instanceof ec2.Vpc;
    const { account, region } = Stack.of(this);
    const { env } = this.vpc;
    for (const [what, given, ours] of [
      ...(isMade ? [['account', env.account, account]] : []),
      ['region', env.region, region],
    ]) {
      if (given !== ours && (isMade || [given, ours].every(isKnown))) {
        throw invalidProp(this, {
          prop: this.vpcProp,
          problem: `is in ${place(what, given)}, and the cluster in ${place(what, ours)}`,
          remedy: `Put both into the same ${what}: give their stacks the same \`env\``,
        });
      }
    }
    if (isMade && Stage.of(this.vpc) !== Stage.of(this)) {
      throw invalidProp(this, {
        prop: this.vpcProp,
        problem: `is made in another stage, to which nothing here can refer: ${this.vpc.node.path}`,
        remedy: "Make it in the stage of the cluster, or import it there: Vpc.fromLookup(this, 'Vpc', { vpcName })",
      });
    }
  }

  private usualNodeSubnets(): ec2.SubnetSelection {
    const { privateSubnets, isolatedSubnets } = this.vpc;
    if (privateSubnets.length + isolatedSubnets.length === 0) {
      throw invalidProp(this, {
        prop: this.vpcProp,
        problem: 'has no private subnets, where the nodes belong',
        remedy:
          'Give it subnets of type PRIVATE_WITH_EGRESS (private, with a NAT gateway) in two availability zones, or name the subnets of the nodes: `subnets.nodes`',
      });
    }
    return { subnetType: usualType(this.vpc, [PRIVATE_WITH_EGRESS, PRIVATE_ISOLATED]) };
  }

  private usualDataSubnets(): ec2.SubnetSelection {
    return { subnetType: usualType(this.vpc, [PRIVATE_ISOLATED, PRIVATE_WITH_EGRESS]) };
  }

  private tier(
    prop: string,
    selection: ec2.SubnetSelection,
    rules: Pick<SelectedSubnets, 'insteadBy' | 'onePerZone' | 'whyNotPublic'>,
  ): ec2.SubnetSelection {
    return checkedSubnets(this, this.vpc, { prop, selection, fewestZones: 2, ...rules });
  }

  /** Subnets that CDK calls private have a NAT gateway, or whatever the owner of the VPC takes for one. */
  private seeWayOut(): WayOut {
    const { subnets, isPendingLookup } = this.vpc.selectSubnets(this.nodeSubnets);
    const withEgress = new Set(this.vpc.privateSubnets.map(({ subnetId }) => subnetId));
    return isPendingLookup || subnets.every(({ subnetId }) => withEgress.has(subnetId)) ? 'there' : 'unknown';
  }
}

function place(what: string, accountOrRegion: string): string {
  return Token.isUnresolved(accountOrRegion) ? `a stack for any ${what}` : `${what} ${accountOrRegion}`;
}
