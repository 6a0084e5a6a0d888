import {
  CfnSecurityGroupIngress,
  type Connections,
  type ISecurityGroup,
  type IVpc,
  type Port,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct, IDependable } from 'constructs';
import { claim } from './claims';
import { Database, type DatabaseBinding } from './database/database';
import { portText } from './host-and-port';
import { identityOf } from './identity';
import { invalidProp } from './invalid-prop';
import type { NocoBaseClusterProps } from './nocobase-cluster-props';
import type { PartBinding, PartContext } from './node/contribution';
import type { NamedContribution } from './node/node-configuration';
import type { StoredSecret } from './node/stored-secret';
import { checkPartNetwork } from './part-network';
import { type PreflightCheck, PreflightRule } from './preflight/preflight';
import { MessageQueue, type MessageQueueBinding } from './queue/message-queue';
import { Redis, type RedisBinding } from './redis/redis';
import { SharedStorage, type SharedStorageBinding } from './storage/shared-storage';

interface NamedPart {
  /** As the caller writes it. */
  readonly prop: string;
  readonly part: PartBinding;
}

/** What holds data, managed or existing: nothing after this asks which. */
export class ClusterParts {
  public readonly database: DatabaseBinding;
  public readonly redis: RedisBinding;
  public readonly queue: MessageQueueBinding;
  public readonly storage: SharedStorageBinding;

  private readonly named: NamedPart[];

  constructor(cluster: Construct, scope: Construct, props: NocoBaseClusterProps, context: PartContext) {
    this.database = (props.database ?? Database.postgres()).bind(scope, context);
    this.redis = (props.redis ?? Redis.valkey()).bind(scope, context);
    this.queue = (props.queue ?? MessageQueue.rabbitMq()).bind(scope, context);
    this.storage = (props.storage ?? SharedStorage.efs()).bind(scope, context);
    const { database, redis, queue, storage } = this;
    this.named = Object.entries<PartBinding>({ database, redis, queue, storage }).map(([prop, part]) => ({
      prop,
      part,
    }));
    for (const { prop, part } of this.flat) {
      checkPartNetwork(cluster, context.vpc, prop, part.connections);
    }
  }

  /** Takes the places that are used; those of adapters only where their plug-ins are. */
  public claimPlaces(cluster: Construct, vpc: IVpc, clustered: boolean) {
    for (const { prop, part } of this.named) {
      const { queue: place, ...others } = clustered ? (part.adapterClaims ?? {}) : {};
      // Redis has a place for the queue, idle where that is elsewhere.
      const isIdle = place === undefined || (prop === 'redis' && !this.queue.inRedis);
      claim(cluster, vpc, {
        prop,
        places: { ...part.claims, ...others, ...(isIdle ? {} : { queue: place }) },
        remedy: part.claimsRemedy,
      });
    }
  }

  /** The plug-ins that the parts need to serve several nodes. */
  public get adapterPlugins(): string[] {
    return this.named.flatMap(({ part }) => part.adapterPlugins ?? []);
  }

  /** What nodes are told; of the adapters only where their plug-ins are. */
  public contributions(clustered: boolean): NamedContribution[] {
    return this.named.flatMap(({ prop, part }) => [
      { prop, contribution: part.contribution },
      ...(clustered && part.adapterContribution ? [{ prop, contribution: part.adapterContribution }] : []),
    ]);
  }

  /** What was given and has to be as NocoBase needs it. */
  public get checks(): PreflightCheck[] {
    const parts = this.flat.flatMap(({ prop, part }) => check(prop, PreflightRule.URL_SAFE, part.urlParts));
    return [...check('database', PreflightRule.NOT_BLANK, this.database.credentials), ...parts];
  }

  public get nodePolicies() {
    return this.flat.flatMap(({ part }) => part.nodePolicies ?? []);
  }

  public get startAfter() {
    return this.flat.flatMap(({ part }) => part.startAfter ?? []);
  }

  /** Lets the nodes in, by these rules. */
  public admit(nodes: ISecurityGroup): IDependable[] {
    const open = new Set<string>();
    return this.flat.flatMap(({ prop, part }) => (part.connections ? letIn(nodes, part.connections, prop, open) : []));
  }

  private get flat(): NamedPart[] {
    return this.named.flatMap(({ prop, part }) =>
      [part, ...(part.members ?? [])].map((each) => ({ prop, part: each })),
    );
  }
}

/**
 * Lets nodes in, by the rules that it answers, of which no node may be without.
 * They belong to the stack of the nodes, so that what is in another stack knows
 * nothing about who uses it.
 *
 * @param open what is open already: a group may be imported twice, and EC2 refuses the second of two like rules
 */
export function letIn(
  nodes: ISecurityGroup,
  { securityGroups, defaultPort }: Connections,
  prop: string,
  open = new Set<string>(),
): IDependable[] {
  if (securityGroups.length > 0 && defaultPort === undefined) {
    throw invalidProp(nodes, {
      prop,
      problem: 'has security groups and no default port, so nodes cannot be let in',
      remedy: 'Give its Connections a `defaultPort`',
    });
  }
  return securityGroups.flatMap((group) => {
    const way = JSON.stringify([identityOf(group, group.securityGroupId), identityOfPort(group, defaultPort!)]);
    if (open.has(way)) return [];
    group.addIngressRule(nodes, defaultPort!, 'Nodes', true);
    const rules = rulesBetween(nodes, group);
    // An imported group may have been declared not to be changed.
    if (rules.length > 0) open.add(way);
    return rules;
  });
}

function identityOfPort(scope: Construct, port: Port): unknown[] {
  return Object.values(port.toRuleJson()).map((value) =>
    typeof value === 'number' ? identityOf(scope, portText(value)) : value,
  );
}

/** CDK makes them under one or the other. */
function rulesBetween(nodes: ISecurityGroup, group: ISecurityGroup): CfnSecurityGroupIngress[] {
  return [...nodes.node.children, ...group.node.children]
    .filter(CfnSecurityGroupIngress.isCfnSecurityGroupIngress)
    .filter(
      ({ groupId, sourceSecurityGroupId }) =>
        groupId === group.securityGroupId && sourceSecurityGroupId === nodes.securityGroupId,
    );
}

function check(prop: string, rule: PreflightRule, values: { [what: string]: StoredSecret } = {}): PreflightCheck[] {
  return Object.entries(values).map(([variable, secret]) => ({ variable, rule, secret, prop }));
}
