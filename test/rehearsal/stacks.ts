import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { type Graph, graphOf } from '../critical-path/graph';
import { holds, type Properties, type Resource, type Template } from '../critical-path/template';
import { Evaluator, type World } from './evaluator';
import { generateSecret } from './generated-secret';

/** Where the stacks would be. */
export const REGION = 'eu-central-1';

/** Where the services of this machine answer, in the place of the managed ones. */
export interface Endpoints {
  readonly database: number;
  readonly redis: number;
  readonly queue: number;
}

/** A resource of one of the stacks. */
export interface StackResource {
  /** What `Ref` gives for it, in whichever stack. */
  readonly ref: string;
  /** For people: stack, logical id and type. */
  readonly name: string;
  /** A property or what is at a path inside it, resolved; undefined where the template has none. */
  property(...path: (string | number)[]): any;
  /** All of them, resolved. */
  properties(): Properties;
}

/** The templates of a cloud assembly by the names of their stacks. */
type Templates = { readonly [stack: string]: Template };

/** The stacks of a cloud assembly, each with an evaluator of its own, and what their references mean on this machine. */
export class Stacks {
  /** @param directory of the cloud assembly, as `cdk synth` leaves it */
  public static in(directory: string): Stacks {
    const stacks = new CloudAssembly(directory).stacksRecursively;
    return new Stacks(
      Object.fromEntries(
        stacks.map(({ hierarchicalId, templateFullPath }) => [
          hierarchicalId,
          JSON.parse(fs.readFileSync(templateFullPath, 'utf8')),
        ]),
      ),
      new Map(),
    );
  }

  private readonly evaluators: ReadonlyMap<string, Evaluator>;
  private endpoints?: Endpoints;

  private constructor(
    private readonly templates: Templates,
    /** The values of Secrets by their ARNs. */
    private readonly secrets: Map<string, string>,
  ) {
    this.evaluators = new Map(
      Object.entries(templates).map(([stack, template]) => [stack, new Evaluator(template, this.world(stack))]),
    );
  }

  /** From here on references to the managed services mean those of this machine. */
  public connect(endpoints: Endpoints) {
    this.endpoints = endpoints;
  }

  /** The same, but for the value of a Secret; without a value, the Secret is not there. */
  public withSecret(arn: string, value: string | undefined): Stacks {
    const secrets = new Map(this.secrets);
    if (value === undefined) secrets.delete(arn);
    else secrets.set(arn, value);
    return new Stacks(this.templates, secrets);
  }

  /** What a Secret holds, if it is there. */
  public secretValue(arn: string): string | undefined {
    return this.secrets.get(arn);
  }

  /** What waits for what in a deployment of all of them. */
  public graph(): Graph {
    return graphOf(this.templates, () => ({ seconds: 0 }));
  }

  /** The resources of a type that are made. */
  public all(type: string): StackResource[] {
    return Object.entries(this.templates).flatMap(([stack, template]) =>
      Object.entries(template.Resources)
        .filter(([, { Type, Condition }]) => Type === type && (!Condition || holds(template, Condition)))
        .map(([logicalId, resource]) => this.described(stack, logicalId, resource)),
    );
  }

  /** The only resource of a type, in whichever stack it is. */
  public only(type: string): StackResource {
    const found = this.all(type);
    if (found.length === 1) return found[0];
    const stacks = Object.keys(this.templates).join(', ');
    throw new Error(
      found.length === 0
        ? `One ${type} is needed; there is none in ${stacks}.`
        : `One ${type} is needed; there are ${found.map(({ name }) => name).join(', ')}.`,
    );
  }

  /** The resource of a type by what `Ref` gives for it. @param where it is referred to, for errors */
  public resource(type: string, ref: string, where: string): StackResource {
    const found = this.all(type).find((each) => each.ref === ref);
    if (found === undefined) {
      throw new Error(`${where} must name an ${type} of these stacks for a rehearsal; it names ${ref}.`);
    }
    return found;
  }

  /** The resolved values of outputs by their descriptions. */
  public outputs(description: string): string[] {
    return Object.entries(this.templates).flatMap(([stack, { Outputs = {} }]) =>
      Object.entries(Outputs)
        .filter(([, { Description }]) => Description === description)
        .map(([id, { Value }]) => this.evaluators.get(stack)!.value(Value, `the output ${id} of ${stack}`)),
    );
  }

  private described(stack: string, logicalId: string, resource: Resource): StackResource {
    const evaluator = this.evaluators.get(stack)!;
    const { Type, Properties = {} } = resource;
    const name = nameOf(stack, logicalId, Type);
    return {
      ref: this.ref(stack, logicalId, resource),
      name,
      property: (...path) =>
        evaluator.value(
          path.reduce<any>((value, key) => value?.[key], Properties),
          [name, ...path].join('.'),
        ),
      properties: () => evaluator.value(Properties, name),
    };
  }

  private world(stack: string): World {
    return {
      pseudoParameters: {
        'AWS::AccountId': '123456789012',
        'AWS::Partition': 'aws',
        'AWS::Region': REGION,
        'AWS::StackId': `arn:aws:cloudformation:${REGION}:123456789012:stack/${stack}/00000000-0000-0000-0000-000000000000`,
        'AWS::StackName': stack,
        'AWS::URLSuffix': 'amazonaws.com',
      },
      ref: (logicalId, resource) => this.ref(stack, logicalId, resource),
      attribute: (logicalId, name, { Type }) => this.attribute(`${stack}.${logicalId}`, name, Type),
      exported: (name, where) => this.exported(name, where),
      secretValue: (arn) => this.secretValue(arn),
    };
  }

  private ref(stack: string, logicalId: string, { Type, Properties = {} }: Resource): string {
    switch (Type) {
      case 'AWS::SecretsManager::Secret':
        return this.secretArn(stack, logicalId, Properties);
      case 'AWS::SecretsManager::SecretTargetAttachment':
        return this.evaluators.get(stack)!.value(Properties.SecretId, `${nameOf(stack, logicalId, Type)}.SecretId`);
      case 'AWS::EC2::Subnet':
        // Taken apart by what is named after it.
        return `subnet-${createHash('sha256').update(`${stack}.${logicalId}`).digest('hex').slice(0, 17)}`;
      default:
        // Of the others a name will do: nothing on this machine asks for them.
        return `${stack}.${logicalId}`;
    }
  }

  private attribute(resource: string, name: string, type: string): unknown {
    const { endpoints } = this;
    const host = resource.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
    const known: { [attribute: string]: unknown } = {
      'AWS::RDS::DBInstance.Endpoint.Address': 'localhost',
      'AWS::RDS::DBInstance.Endpoint.Port': endpoints && String(endpoints.database),
      'AWS::ElastiCache::ReplicationGroup.PrimaryEndPoint.Address': 'localhost',
      'AWS::ElastiCache::ReplicationGroup.PrimaryEndPoint.Port': endpoints && String(endpoints.redis),
      'AWS::AmazonMQ::Broker.AmqpEndpoints': endpoints && [`amqps://localhost:${endpoints.queue}`],
      // By these users come; the load balancer here knows them.
      'AWS::ElasticLoadBalancingV2::LoadBalancer.DNSName': `${host}.${REGION}.elb.amazonaws.com`,
      'AWS::CloudFront::Distribution.DomainName': `${host}.cloudfront.net`,
    };
    const attribute = `${type}.${name}`;
    if (attribute in known) return known[attribute];
    // An ARN or an id that only AWS would look at.
    return /(Arn|Id)$/.test(name) ? `${resource}.${name}` : undefined;
  }

  /** The value of the output that a stack exports by this name. */
  private exported(name: string, where: string): unknown {
    for (const [stack, { Outputs = {} }] of Object.entries(this.templates)) {
      const evaluator = this.evaluators.get(stack)!;
      for (const [id, { Value, Export }] of Object.entries(Outputs)) {
        const output = `the output ${id} of ${stack}`;
        if (Export !== undefined && evaluator.value(Export.Name, output) === name) {
          return evaluator.value(Value, `${where}, by ${output},`);
        }
      }
    }
    return undefined;
  }

  /** The ARN of a Secret, which gets its value by the rules of its template when it is first asked for. */
  private secretArn(stack: string, logicalId: string, { GenerateSecretString, SecretString }: Properties): string {
    const arn = `arn:aws:secretsmanager:${REGION}:123456789012:secret:${stack}.${logicalId}-Local1`;
    if (!this.secrets.has(arn)) {
      const evaluator = this.evaluators.get(stack)!;
      const where = nameOf(stack, logicalId, 'AWS::SecretsManager::Secret');
      this.secrets.set(
        arn,
        GenerateSecretString
          ? generateSecret(evaluator.value(GenerateSecretString, `${where}.GenerateSecretString`))
          : evaluator.value(SecretString, `${where}.SecretString`),
      );
    }
    return arn;
  }
}

function nameOf(stack: string, logicalId: string, type: string): string {
  return `${stack}.${logicalId} (${type})`;
}
