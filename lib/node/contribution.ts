import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';

/**
 * What a part of the cluster gives to every node. All nodes get the same
 * (NocoBase cluster guide, "Environment Variable Configuration").
 */
export interface NodeContribution {
  /**
   * Environment variables; nothing secret.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Variables that ECS injects from Secrets Manager when a node starts.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: ecs.Secret };

  /**
   * Connection URLs that carry a password as a dynamic reference
   * (`{{resolve:secretsmanager:…}}`). They become the fields of one Secret and
   * are injected from there, so that no password is in the template.
   *
   * @default - none
   */
  readonly connectionUrls?: { [name: string]: string };
}

/** What a part of the cluster is to the others once it is bound to a scope. */
export interface PartBinding {
  /** What the part gives to every node. */
  readonly contribution: NodeContribution;

  /**
   * What the part gives to every node only where the cluster's plug-ins are:
   * without its plug-in an adapter fails at the first write.
   *
   * @default - nothing
   */
  readonly adapterContribution?: NodeContribution;

  /**
   * The plug-ins that `adapterContribution` is for.
   *
   * @default - none
   */
  readonly adapterPlugins?: string[];

  /**
   * The network side of the part. The cluster lets the nodes, and nobody else,
   * in on its default port.
   *
   * @default - the part is reachable without a rule of ours
   */
  readonly connections?: ec2.Connections;

  /**
   * What the nodes' role must be allowed for the part to work.
   *
   * @default - nothing
   */
  readonly nodePolicies?: iam.PolicyStatement[];
}

/** Where a part is bound. */
export interface PartContext {
  /** The network of the cluster. */
  readonly vpc: ec2.IVpc;

  /** Where data stores live: subnets over at least two availability zones. */
  readonly dataSubnets: ec2.SubnetSelection;
}
