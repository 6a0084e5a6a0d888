/** What of a CloudFormation template says in which order its resources are made. */
export interface Template {
  readonly Parameters?: { readonly [name: string]: { readonly Type?: string; readonly Default?: unknown } };
  readonly Conditions?: { readonly [name: string]: unknown };
  readonly Resources: { readonly [logicalId: string]: Resource };
  readonly Outputs?: { readonly [name: string]: Output };
}

export interface Output {
  readonly Value?: unknown;
  readonly Description?: string;
  readonly Export?: { readonly Name: unknown };
}

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
  readonly Properties?: Properties;
  readonly Metadata?: { readonly [key: string]: any };
}

export interface Properties {
  readonly [name: string]: any;
}

/** Where the stack is thought to be: the commercial partition, in a region that has every service. */
const PSEUDO_PARAMETERS: { readonly [name: string]: string } = {
  'AWS::AccountId': '111122223333',
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::StackName': 'Stack',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** The name and argument of an intrinsic function, if the value is a call of one. */
export function call(value: unknown): readonly [name: string, argument: any] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return undefined;
  }
  const entries = Object.entries(value);
  return entries.length === 1 && /^(Fn::|Ref$|Condition$)/.test(entries[0][0]) ? entries[0] : undefined;
}

/** Whether a condition is true when nobody gives parameters. */
export function holds(template: Template, condition: string): boolean {
  if (template.Conditions?.[condition] === undefined) {
    throw new Error(`Condition ${condition} is used and not declared.`);
  }
  return evaluate(template, template.Conditions[condition]) === true;
}

function evaluate(template: Template, expression: unknown): unknown {
  const [name, argument] = call(expression) ?? [];
  switch (name) {
    case undefined:
      return expression;
    case 'Ref':
      return defaultOf(template, argument);
    case 'Condition':
      return holds(template, argument);
    case 'Fn::Equals':
      return evaluate(template, argument[0]) === evaluate(template, argument[1]);
    case 'Fn::Not':
      return evaluate(template, argument[0]) !== true;
    case 'Fn::And':
      return argument.every((part: unknown) => evaluate(template, part) === true);
    case 'Fn::Or':
      return argument.some((part: unknown) => evaluate(template, part) === true);
    default:
      throw new Error(`Conditions with ${name} are not understood here: teach it to template.ts.`);
  }
}

function defaultOf(template: Template, name: string): unknown {
  const value = PSEUDO_PARAMETERS[name] ?? template.Parameters?.[name]?.Default;
  if (value === undefined) {
    throw new Error(`A condition depends on ${name}, which has no default.`);
  }
  return value;
}
