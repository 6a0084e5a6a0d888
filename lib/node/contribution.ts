import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { IDependable } from 'constructs';
import type { StoredSecret } from './stored-secret';

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

  /**
   * Root certificates (PEM) that nodes are to trust beside the public ones.
   *
   * @default - none
   */
  readonly trustedCertificates?: string[];
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

  /**
   * What has to be there before a node starts, beyond what the node refers to.
   *
   * @default - nothing
   */
  readonly startAfter?: IDependable[];

  /**
   * What the part may not share, by purpose: `{ cache: 'redis.example.com:6379/0' }`.
   * A place that is claimed twice, within a cluster or by two clusters of one
   * app, is an error: they would overwrite each other's data.
   *
   * Private addresses and names (without a domain, or under `.internal`, `.local`
   * and the like) are one place within one VPC, others wherever the cluster is.
   * A place that ends in `, path /…` has the folders below in it.
   *
   * @default - nothing that can be claimed twice
   */
  readonly claims?: { [purpose: string]: string };

  /**
   * The same for what `adapterContribution` is about: claimed only where the
   * cluster's plug-ins are.
   *
   * @default - nothing that can be claimed twice
   */
  readonly adapterClaims?: { [purpose: string]: string };

  /**
   * A sentence that says what to do when one of its places is claimed twice.
   *
   * @default - to give each a place of its own
   */
  readonly claimsRemedy?: string;

  /**
   * Values that become part of connection URLs as they are, by what they are.
   * Whether a URL can carry them is looked at before a deployment goes on.
   *
   * @default - none
   */
  readonly urlParts?: { [what: string]: StoredSecret };

  /**
   * Parts that this one is made of. Nodes are let in to them as well.
   *
   * @default - none
   */
  readonly members?: PartBinding[];
}

/** Where a part is bound. */
export interface PartContext {
  /** The network of the cluster. */
  readonly vpc: ec2.IVpc;

  /** Where data stores live: subnets over at least two availability zones. */
  readonly dataSubnets: ec2.SubnetSelection;

  /**
   * The KMS key for what is made.
   *
   * @default - the keys that AWS manages
   */
  readonly encryptionKey?: kms.IKey;
}
