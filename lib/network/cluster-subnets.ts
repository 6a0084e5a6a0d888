import type { SubnetSelection } from 'aws-cdk-lib/aws-ec2';

/** Which subnets of the network are for what. Each selection needs two availability zones. */
export interface ClusterSubnets {
  /**
   * The load balancer that the entrance makes.
   *
   * @default - public subnets where it faces the internet, private ones otherwise
   */
  readonly entrance?: SubnetSelection;

  /**
   * Nodes. They have no address of their own on the internet. In subnets without
   * a way out they reach AWS by endpoints, see `NodeEndpoints`.
   *
   * @default - private subnets with a way out where they are in two zones, isolated ones otherwise; of them those in
   * availability zones in which the storage can be mounted
   */
  readonly nodes?: SubnetSelection;

  /**
   * What holds data and is made here. Changing it replaces the queue and loses
   * what is in it. Database and Redis stay, and their nodes have to find the
   * subnets that they are in. A mount target of the storage does not move to
   * another subnet of its zone: such a deployment fails, see `EfsStorageProps`.
   *
   * @default - isolated subnets where they are in two zones, as the nodes otherwise
   */
  readonly data?: SubnetSelection;
}
