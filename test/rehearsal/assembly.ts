import * as fs from 'node:fs';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { ancestorsOf, graphOf, type Step } from '../critical-path/graph';
import type { Properties, Resource, Template } from '../critical-path/template';
import { Evaluator, fieldOf, type World } from './evaluator';
import { generateSecret } from './generated-secret';
import type { LoadBalancerSettings } from './load-balancer';

/** Where the stack would be. */
export const REGION = 'eu-central-1';

/** Where the services of this machine answer, in the place of the managed ones. */
export interface Endpoints {
  readonly database: number;
  readonly redis: number;
  readonly queue: number;
}

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

/** The stack with the cluster in a cloud assembly, and what its template says of the parts. */
export class Assembly {
  /** @param directory of the cloud assembly, as `cdk synth` leaves it */
  public static in(directory: string): Assembly {
    const templates = new CloudAssembly(directory).stacksRecursively.map(
      ({ templateFullPath }): Template => JSON.parse(fs.readFileSync(templateFullPath, 'utf8')),
    );
    const found = templates.filter(({ Resources }) =>
      Object.values(Resources).some(({ Type }) => Type === 'AWS::ECS::TaskDefinition'),
    );
    if (found.length !== 1) throw new Error(`One stack with a cluster is needed; ${directory} has ${found.length}.`);
    const assembly = new Assembly(found[0], templates, new Map());
    const { Checks } = assembly.only('Custom::NocoBasePreflight');
    for (const { Variable, SecretArn } of Checks) {
      if (Variable === 'licence key') assembly.secrets.set(SecretArn, LICENSE);
    }
    return assembly;
  }

  private readonly evaluator: Evaluator;
  private endpoints?: Endpoints;

  private constructor(
    private readonly template: Template,
    /** Of all stacks, for what one exports to the other. */
    private readonly templates: readonly Template[],
    private readonly secrets: Map<string, string>,
  ) {
    this.evaluator = new Evaluator(template, this.world());
  }

  /** The same, but for the value of a Secret or of a field of it; without a value, the Secret is not there. */
  public withSecret(arn: string, field: string | undefined, value: string | undefined): Assembly {
    const secrets = new Map(this.secrets);
    const inside = field === undefined ? value : JSON.stringify({ ...JSON.parse(secrets.get(arn)!), [field]: value });
    if (inside === undefined) secrets.delete(arn);
    else secrets.set(arn, inside);
    return new Assembly(this.template, this.templates, secrets);
  }

  /** Whether resources of a type are made only after those of another, as far as the template says so. */
  public waitsFor(type: string, other: string): boolean {
    const graph = graphOf({ Stack: this.template });
    const waiting = [...graph.values()].filter((step) => step.type === type);
    const hasWaited = ({ id }: Step) => [...ancestorsOf(graph, id)].some((step) => step.type === other);
    return waiting.length > 0 && waiting.every(hasWaited);
  }

  /** The resolved properties of the only resource of a type. */
  public only(type: string): Properties {
    const [logicalId, { Properties = {} }] = this.find(type);
    return this.evaluator.value(Properties, `${logicalId} (${type})`);
  }

  private find(type: string): [logicalId: string, resource: Resource] {
    const found = Object.entries(this.template.Resources).filter(([, resource]) => resource.Type === type);
    if (found.length !== 1) throw new Error(`One ${type} is needed; the template has ${found.length}.`);
    return found[0];
  }

  /** The version of NocoBase, by the tag of its image. */
  public version(): string {
    const [logicalId, { Type, Properties }] = this.find('AWS::ECS::TaskDefinition');
    const image = this.evaluator.value(Properties!.ContainerDefinitions[0].Image, `${logicalId} (${Type}).Image`);
    const [, version] = /:(\d+\.\d+\.\d+)(-[\w-]+)?$/.exec(image) ?? [];
    if (version === undefined)
      throw new Error(`A rehearsal takes NocoBase from npm by its version; the image ${image} names none.`);
    return version;
  }

  /** From here on references to the managed services mean those of this machine. */
  public connect(endpoints: Endpoints) {
    this.endpoints = endpoints;
  }

  /** What ECS would run. */
  public nodes(): NodeSettings {
    const task = this.only('AWS::ECS::TaskDefinition');
    const [container, ...others] = task.ContainerDefinitions;
    if (others.length > 0) throw new Error('A rehearsal runs one container a task.');
    const [target] = Object.values(this.template.Resources).filter(
      ({ Type }) => Type === 'AWS::ApplicationAutoScaling::ScalableTarget',
    );
    const { MinCapacity, MaxCapacity } = target?.Properties ?? {};
    if (!(MaxCapacity > 1)) {
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
      firstNodes: this.find('AWS::ECS::Service')[1].Properties!.DesiredCount ?? 1,
      minNodes: MinCapacity,
      maxNodes: MaxCapacity,
    };
  }

  public loadBalancer(): LoadBalancerSettings {
    const group = this.only('AWS::ElasticLoadBalancingV2::TargetGroup');
    const { LoadBalancerAttributes } = this.only('AWS::ElasticLoadBalancingV2::LoadBalancer');
    return {
      path: group.HealthCheckPath,
      matcher: group.Matcher.HttpCode,
      interval: group.HealthCheckIntervalSeconds * 1000,
      timeout: group.HealthCheckTimeoutSeconds * 1000,
      healthyThreshold: group.HealthyThresholdCount,
      unhealthyThreshold: group.UnhealthyThresholdCount,
      deregistrationDelay: secondsOf(group.TargetGroupAttributes, 'deregistration_delay.timeout_seconds'),
      idleTimeout: secondsOf(LoadBalancerAttributes, 'idle_timeout.timeout_seconds'),
      ...this.protocols(),
    };
  }

  /** Of the listener that sends to the nodes, and of the users, who are sent on to HTTPS by CloudFront. */
  private protocols() {
    const types = Object.values(this.template.Resources).map(({ Type }) => Type);
    const listeners = Object.values(this.template.Resources).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::ElasticLoadBalancingV2::Listener' &&
        Properties!.DefaultActions.some((action: Properties) => action.Type === 'forward'),
    );
    if (listeners.length !== 1) throw new Error(`One listener for the nodes is needed; there are ${listeners.length}.`);
    const protocol = String(listeners[0].Properties!.Protocol).toLowerCase();
    return { protocol, usersProtocol: types.includes('AWS::CloudFront::Distribution') ? 'https' : protocol };
  }

  /** What a Secret holds, if it is there. */
  public secretValue(arn: string): string | undefined {
    return this.secrets.get(arn);
  }

  /** What ECS would put into a variable: a whole Secret, or a field of it. */
  private injected(variable: string, valueFrom: string): string {
    const [, arn, field] = /^((?:[^:]+:){6}[^:]+)(?::([^:]*):[^:]*:[^:]*)?$/.exec(valueFrom) ?? [];
    const secret = arn === undefined ? undefined : this.secretValue(arn);
    const value = field && secret !== undefined ? fieldOf(secret, field) : secret;
    if (value === undefined) throw new Error(`${variable} is injected from ${valueFrom}, which is not there.`);
    return value;
  }

  private world(): World {
    return {
      pseudoParameters: {
        'AWS::AccountId': '123456789012',
        'AWS::Partition': 'aws',
        'AWS::Region': REGION,
        'AWS::StackName': 'Rehearsal',
        'AWS::URLSuffix': 'amazonaws.com',
      },
      ref: (logicalId, { Type, Properties }) => {
        switch (Type) {
          case 'AWS::SecretsManager::Secret':
            return this.secretArn(logicalId);
          case 'AWS::SecretsManager::SecretTargetAttachment':
            return this.evaluator.value(Properties!.SecretId, `${logicalId} (${Type}).SecretId`);
          default:
            // Of the others a name will do: nothing on this machine asks for them.
            return logicalId;
        }
      },
      attribute: (logicalId, name, { Type }) => this.attribute(logicalId, name, Type),
      exported: (name) => this.exported(name),
      secretValue: (arn) => this.secretValue(arn),
    };
  }

  private attribute(logicalId: string, name: string, type: string): unknown {
    const { endpoints } = this;
    const known: { [attribute: string]: unknown } = {
      'AWS::RDS::DBInstance.Endpoint.Address': 'localhost',
      'AWS::RDS::DBInstance.Endpoint.Port': endpoints && String(endpoints.database),
      'AWS::ElastiCache::ReplicationGroup.PrimaryEndPoint.Address': 'localhost',
      'AWS::ElastiCache::ReplicationGroup.PrimaryEndPoint.Port': endpoints && String(endpoints.redis),
      'AWS::AmazonMQ::Broker.AmqpEndpoints': endpoints && [`amqps://localhost:${endpoints.queue}`],
    };
    const attribute = `${type}.${name}`;
    if (attribute in known) return known[attribute];
    // An ARN or an id that only AWS would look at.
    return /(Arn|Id)$/.test(name) ? `${logicalId}.${name}` : undefined;
  }

  /** What another stack exports: the id of a network and the like, for which a name will do. */
  private exported(name: string): string | undefined {
    const outputs = this.templates.flatMap(({ Outputs = {} }) => Object.values(Outputs));
    return outputs.some(({ Export }) => Export?.Name === name) ? name : undefined;
  }

  /** The ARN of a Secret of the template, which gets its value by the rules there when it is first asked for. */
  private secretArn(logicalId: string): string {
    const arn = `arn:aws:secretsmanager:${REGION}:123456789012:secret:${logicalId}-Local1`;
    if (!this.secrets.has(arn)) {
      const { GenerateSecretString, SecretString } = this.template.Resources[logicalId].Properties!;
      const where = `${logicalId} (AWS::SecretsManager::Secret)`;
      this.secrets.set(
        arn,
        GenerateSecretString
          ? generateSecret(this.evaluator.value(GenerateSecretString, `${where}.GenerateSecretString`))
          : this.evaluator.value(SecretString, `${where}.SecretString`),
      );
    }
    return arn;
  }
}

function secondsOf(attributes: { Key: string; Value: string }[], key: string): number {
  const found = attributes.find(({ Key }) => Key === key);
  if (found === undefined) throw new Error(`The template does not set ${key}.`);
  return Number(found.Value) * 1000;
}
