import { ancestorsOf, type Step } from '../critical-path/graph';
import type { Properties } from '../critical-path/template';
import { entranceOf } from './entrance';
import { fieldOf } from './evaluator';
import type { LoadBalancerSettings } from './load-balancer';
import { type Endpoints, Stacks } from './stacks';

/** How the nodes of a cluster are run. Times in milliseconds. */
export interface NodeSettings {
  readonly command: readonly string[];
  readonly environment: { readonly [name: string]: string };
  readonly mountPath: string;
  readonly stopTimeout: number;
  /** With how many nodes a new service begins. */
  readonly firstNodes: number;
  readonly minNodes: number;
  readonly maxNodes: number;
}

/** In the place of the key that NocoBase issues, which is in nobody's template. */
const LICENSE = 'stands in for a licence key';

const TASK = 'AWS::ECS::TaskDefinition';
const SERVICE = 'AWS::ECS::Service';
const PREFLIGHT = 'Custom::NocoBasePreflight';

/** A cloud assembly with one cluster, and what its templates say of the parts, whichever stack they are in. */
export class Assembly {
  /** @param directory of the cloud assembly, as `cdk synth` leaves it */
  public static in(directory: string): Assembly {
    const stacks = Stacks.in(directory);
    const { length } = stacks.all(PREFLIGHT);
    if (length !== 1) throw new Error(`One stack with a cluster is needed; ${directory} has ${length}.`);
    const license = stacks.only(PREFLIGHT).property('Checks').find(isLicense);
    return new Assembly(license ? stacks.withSecret(license.SecretArn, LICENSE) : stacks);
  }

  private constructor(private readonly stacks: Stacks) {}

  /** The same, but for the value of a Secret or of a field of it; without a value, the Secret is not there. */
  public withSecret(arn: string, field: string | undefined, value: string | undefined): Assembly {
    const inside =
      field === undefined ? value : JSON.stringify({ ...JSON.parse(this.secretValue(arn)!), [field]: value });
    return new Assembly(this.stacks.withSecret(arn, inside));
  }

  /** Whether resources of a type are made only after those of another, as far as the templates say so. */
  public waitsFor(type: string, other: string): boolean {
    const graph = this.stacks.graph();
    const waiting = [...graph.values()].filter((step) => step.type === type);
    const hasWaited = ({ id }: Step) => [...ancestorsOf(graph, id)].some((step) => step.type === other);
    return waiting.length > 0 && waiting.every(hasWaited);
  }

  /** The resolved properties of the only resource of a type. @param needed those that it has to have */
  public only(type: string, ...needed: string[]): Properties {
    const resource = this.stacks.only(type);
    const properties = resource.properties();
    const missing = needed.find((name) => properties[name] === undefined);
    if (missing) throw new Error(`${resource.name} does not set ${missing}, and a rehearsal cannot do without it.`);
    return properties;
  }

  /** What Redis is told by its parameter group. */
  public redisParameters(): { readonly [name: string]: string } {
    const group = this.stacks.only('AWS::ElastiCache::ReplicationGroup');
    const name = group.property('CacheParameterGroupName') ?? 'default.';
    // As those of ElastiCache have it, and Redis itself has not.
    if (name.startsWith('default.')) return { 'maxmemory-policy': 'volatile-lru' };
    const where = `${group.name}.CacheParameterGroupName`;
    return this.stacks.resource('AWS::ElastiCache::ParameterGroup', name, where).property('Properties') ?? {};
  }

  /** The version of NocoBase, by the tag of its image. */
  public version(): string {
    const image = this.stacks.only(TASK).property('ContainerDefinitions', 0, 'Image');
    const [, version] = /:(\d+\.\d+\.\d+)(-[\w-]+)?$/.exec(image) ?? [];
    if (version === undefined)
      throw new Error(`A rehearsal takes NocoBase from npm by its version; the image ${image} names none.`);
    return version;
  }

  /** From here on references to the managed services mean those of this machine. */
  public connect(endpoints: Endpoints) {
    this.stacks.connect(endpoints);
  }

  /** What ECS would run. */
  public nodes(): NodeSettings {
    const [container, ...others] = this.stacks.only(TASK).property('ContainerDefinitions');
    if (others.length > 0) throw new Error('A rehearsal runs one container a task.');
    const [target] = this.stacks.all('AWS::ApplicationAutoScaling::ScalableTarget');
    const maxNodes = target?.property('MaxCapacity');
    if (!(maxNodes > 1)) {
      throw new Error(
        'A rehearsal is of a cluster; this template has one node only, as it does while a licence is pending.',
      );
    }
    return {
      command: container.Command,
      environment: {
        ...Object.fromEntries(container.Environment.map(({ Name, Value }: any) => [Name, Value])),
        ...Object.fromEntries(
          container.Secrets.map(({ Name, ValueFrom }: any) => [Name, this.injected(Name, ValueFrom)]),
        ),
      },
      mountPath: container.MountPoints[0].ContainerPath,
      stopTimeout: container.StopTimeout * 1000,
      // By ECS's own default: CloudFormation passes none on.
      firstNodes: this.stacks.only(SERVICE).property('DesiredCount') ?? 1,
      minNodes: target.property('MinCapacity'),
      maxNodes,
    };
  }

  public loadBalancer(): LoadBalancerSettings {
    return entranceOf(this.stacks, this.stacks.only(SERVICE));
  }

  /** What a Secret holds, if it is there. */
  public secretValue(arn: string): string | undefined {
    return this.stacks.secretValue(arn);
  }

  /** What ECS would put into a variable: a whole Secret, or a field of it. */
  private injected(variable: string, valueFrom: string): string {
    if (/^arn:[^:]+:ssm:/.test(valueFrom)) {
      throw new Error(
        `${variable} is injected from ${valueFrom}, and a rehearsal has no Parameter Store: give it in a Secret.`,
      );
    }
    const [, arn, field] = /^((?:[^:]+:){6}[^:]+)(?::([^:]*):[^:]*:[^:]*)?$/.exec(valueFrom) ?? [];
    const secret = arn === undefined ? undefined : this.secretValue(arn);
    const value = field && secret !== undefined ? fieldOf(secret, field) : secret;
    if (value === undefined) throw new Error(`${variable} is injected from ${valueFrom}, which is not there.`);
    return value;
  }
}

function isLicense({ Variable }: Properties): boolean {
  return Variable === 'licence key';
}
