import { call, holds, type Resource, type Template } from '../critical-path/template';

/** What the template's references stand for on this machine. */
export interface World {
  /** Region and the like. */
  readonly pseudoParameters: { readonly [name: string]: string };
  /** `Ref`; undefined where this machine has nothing for it. */
  ref(logicalId: string, resource: Resource): string | undefined;
  /** `Fn::GetAtt`; undefined where this machine has nothing for it. */
  attribute(logicalId: string, name: string, resource: Resource): unknown;
  /** `Fn::ImportValue`; undefined where no stack exports it. `where` it is imported, for errors. */
  exported(name: string, where: string): unknown;
  /** The value of a Secret by what `Ref` gives for it. */
  secretValue(arn: string): string | undefined;
}

/** Resolves the values of a template; throws what names the place where it cannot. */
export class Evaluator {
  constructor(
    private readonly template: Template,
    private readonly world: World,
  ) {}

  /** @param where the resource and the property, for errors */
  public value(value: unknown, where: string): any {
    if (Array.isArray(value)) {
      return value.map((item, index) => this.value(item, `${where}.${index}`)).filter((item) => item !== undefined);
    }
    if (typeof value === 'string') return this.withSecrets(value, where);
    if (typeof value !== 'object' || value === null) return value;
    const [name, argument] = call(value) ?? [];
    if (name !== undefined) {
      const result = this.call(name, argument, where);
      return typeof result === 'string' ? this.withSecrets(result, where) : result;
    }
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, inner]) => [key, this.value(inner, `${where}.${key}`)])
        .filter(([, inner]) => inner !== undefined),
    );
  }

  private call(name: string, argument: any, where: string): unknown {
    switch (name) {
      case 'Ref':
        return this.ref(argument, where);
      case 'Fn::GetAtt': {
        const [logicalId, attribute] = Array.isArray(argument) ? argument : argument.split(/\.(.*)/, 2);
        const value = this.world.attribute(logicalId, attribute, this.resource(logicalId, where));
        return value ?? this.fail(where, `this machine has nothing for ${logicalId}.${attribute}`);
      }
      case 'Fn::Join':
        return this.value(argument[1], where).join(argument[0]);
      case 'Fn::Split':
        return this.value(argument[1], where).split(argument[0]);
      case 'Fn::Select':
        return (
          this.value(argument[1], where)[Number(argument[0])] ?? this.fail(where, `there is no item ${argument[0]}`)
        );
      case 'Fn::Sub':
        return this.substitute(argument, where);
      case 'Fn::If':
        return this.value(argument[holds(this.template, argument[0]) ? 1 : 2], where);
      case 'Fn::FindInMap': {
        const [map, top, second] = argument.map((key: unknown) => this.value(key, where));
        const mappings = (this.template as { Mappings?: any }).Mappings;
        return (
          mappings?.[map]?.[top]?.[second] ?? this.fail(where, `there is no ${top}.${second} in the mapping ${map}`)
        );
      }
      case 'Fn::ImportValue': {
        const exported = this.value(argument, where);
        return this.world.exported(exported, where) ?? this.fail(where, `no stack exports ${exported}`);
      }
      default:
        return this.fail(where, `${name} is not understood here`);
    }
  }

  private ref(name: string, where: string): unknown {
    if (name === 'AWS::NoValue') return undefined;
    if (name in this.world.pseudoParameters) return this.world.pseudoParameters[name];
    const { Type, Default } = this.template.Parameters?.[name] ?? {};
    // Its default is the name of what Parameter Store has.
    if (Type?.startsWith('AWS::SSM::Parameter')) {
      return this.fail(where, `${name} is read from Parameter Store (${Default}), which this machine has not`);
    }
    if (Default !== undefined) return Default;
    const value = this.world.ref(name, this.resource(name, where));
    return value ?? this.fail(where, `this machine has nothing for ${name}`);
  }

  private substitute(argument: any, where: string): string {
    const [text, names] = Array.isArray(argument) ? argument : [argument, {}];
    return text.replace(/\$\{(!?)([^}]+)\}/g, (_: string, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (name in names) return this.value(names[name], where);
      return name.includes('.') ? this.call('Fn::GetAtt', name, where) : this.ref(name, where);
    });
  }

  /** Dynamic references, by the rules of CloudFormation: `{{resolve:secretsmanager:ARN:SecretString:FIELD:STAGE:VERSION}}`. */
  private withSecrets(text: string, where: string): string {
    return text.replace(/\{\{resolve:([^}]*)\}\}/g, (reference, body: string) => {
      const [, arn, field] = /^secretsmanager:(.*?)(?::SecretString:([^:]*):?[^:]*:?[^:]*)?$/.exec(body) ?? [];
      const value = arn === undefined ? undefined : this.world.secretValue(arn);
      if (value === undefined) return this.fail(where, `${reference} cannot be resolved`);
      return field ? (fieldOf(value, field) ?? this.fail(where, `${reference}: there is no field ${field}`)) : value;
    });
  }

  private resource(logicalId: string, where: string): Resource {
    return this.template.Resources[logicalId] ?? this.fail(where, `there is no resource ${logicalId}`);
  }

  private fail(where: string, problem: string): never {
    throw new Error(`${where} cannot be resolved: ${problem}.`);
  }
}

/** A field of a Secret whose value is a JSON object. */
export function fieldOf(secret: string, field: string): string | undefined {
  try {
    return JSON.parse(secret)[field];
  } catch {
    return undefined;
  }
}
