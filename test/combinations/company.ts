import { App, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { NodeEndpoints } from '../../lib';

export const REGION = 'eu-central-1';
export const ACCOUNT = '123456789012';

/** A company with what a cluster can be given; each thing is made when it is first asked for. */
export class Company {
  public readonly app: App;
  /** Where the cluster goes. */
  public readonly scope: Construct;
  private readonly makePlatform: () => Stack;
  private readonly made = new Map<string, unknown>();

  constructor(
    place: string,
    private readonly network: string,
    outdir: string,
  ) {
    const context = { '@aws-cdk/core:validateAgainstDefaultRules': true };
    this.app = new App({ outdir, context });
    const env = place === 'of an open region' ? {} : { region: REGION, account: ACCOUNT };
    const parent = place === 'in a stage' ? new Stage(this.app, 'Stage', { env }) : this.app;
    this.makePlatform = () => new Stack(parent, 'Platform', { env });
    const stack = new Stack(parent, 'Prod', { env });
    this.scope = place === 'in a nested stack' ? new NestedStack(stack, 'Nested') : stack;
  }

  /** One of each id. */
  public one<T>(id: string, make: () => T): T {
    if (!this.made.has(id)) this.made.set(id, make());
    return this.made.get(id) as T;
  }

  /** Where the rest is, in the same stage. */
  public get platform(): Stack {
    return this.one('Platform', this.makePlatform);
  }

  /** The network that clusters are given, and that existing parts are in. */
  public get vpc(): ec2.IVpc {
    return this.one('Vpc', () => {
      const { platform, network } = this;
      switch (network) {
        case 'imported':
          return ec2.Vpc.fromVpcAttributes(platform, 'Vpc', {
            vpcId: 'vpc-0123456789abcdef0',
            availabilityZones: ['a', 'b'].map((zone) => `${REGION}${zone}`),
            publicSubnetIds: ['subnet-0000000000000000a', 'subnet-0000000000000000b'],
            privateSubnetIds: ['subnet-0000000000000001a', 'subnet-0000000000000001b'],
          });
        case 'without a way out': {
          const vpc = new ec2.Vpc(platform, 'Vpc', {
            maxAzs: 2,
            natGateways: 0,
            subnetConfiguration: [
              { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
              { name: 'Private', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
            ],
          });
          new NodeEndpoints(platform, 'Endpoints', { vpc, parameterStore: true });
          return vpc;
        }
        default:
          return new ec2.Vpc(platform, 'Vpc', { maxAzs: 2 });
      }
    });
  }

  public get subnets(): ec2.SubnetSelection {
    return { subnets: [...this.vpc.privateSubnets, ...this.vpc.isolatedSubnets] };
  }

  public get ecsCluster(): ecs.Cluster {
    return this.one('Ecs', () => new ecs.Cluster(this.platform, 'Ecs', { vpc: this.vpc }));
  }

  public get instances(): ecs.AsgCapacityProvider {
    return this.one('Instances', () => {
      const capacity = new ecs.AsgCapacityProvider(this.platform, 'Capacity', {
        autoScalingGroup: new AutoScalingGroup(this.platform, 'Instances', {
          vpc: this.vpc,
          vpcSubnets: this.subnets,
          instanceType: new ec2.InstanceType('m7g.xlarge'),
          machineImage: ecs.EcsOptimizedImage.amazonLinux2023(ecs.AmiHardwareType.ARM),
        }),
      });
      this.ecsCluster.addAsgCapacityProvider(capacity);
      return capacity;
    });
  }

  public get key(): Key {
    return this.one('Key', () => new Key(this.platform, 'Key', { enableKeyRotation: true }));
  }
}
