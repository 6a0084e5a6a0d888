import { Token, Validations } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { invalidProp, isKnown } from '../invalid-prop';
import { claimName } from './claimed-names';
import { fits } from './wildcards';

/** What Elastic Load Balancing takes ("Quotas for your Application Load Balancers", "Condition types for listener rules"). */
const LAST_PRIORITY = 50000;
const MOST_VALUES = 5;
const ONCE = ['host-header', 'http-request-method', 'path-pattern', 'source-ip'];

export function checkPriority(scope: Construct, priority: number) {
  if (!Token.isUnresolved(priority) && !(Number.isInteger(priority) && priority >= 1 && priority <= LAST_PRIORITY)) {
    throw invalidProp(scope, {
      prop: 'entrance.priority',
      problem: `must be a whole number between 1 and ${LAST_PRIORITY}, got: ${priority}`,
      remedy: 'The rule with the lowest is asked first; leave gaps for those to come',
    });
  }
}

/** The conditions given, or those by which NocoBase's requests are known. */
export function ruleConditions(
  scope: Construct,
  given: elbv2.ListenerCondition[] = [],
  { domainName, publicPath }: { domainName: string; publicPath: string },
): elbv2.ListenerCondition[] {
  if (given.length === 0) {
    return [
      elbv2.ListenerCondition.hostHeaders([domainName]),
      ...(publicPath === '/' ? [] : [elbv2.ListenerCondition.pathPatterns(pathsOf(publicPath))]),
    ];
  }
  const rendered = given.map((condition) => condition.renderRawCondition());
  checkNumberOfValues(scope, rendered.flatMap(valuesOf));
  checkFields(
    scope,
    rendered.map(({ field }) => field),
  );
  const patterns = (wanted: string) => rendered.filter(({ field }) => field === wanted).flatMap(valuesOf);
  warnOfHost(scope, patterns('host-header'), domainName);
  warnOfPaths(scope, patterns('path-pattern'), publicPath);
  return given;
}

/** Of two rules with the same conditions only the first is ever asked. */
export function claimConditions(
  scope: Construct,
  conditions: elbv2.ListenerCondition[],
  {
    listener,
    domainName,
    conditions: given = [],
  }: {
    listener: elbv2.IApplicationListener;
    domainName: string;
    conditions?: elbv2.ListenerCondition[];
  },
) {
  claimName(scope, {
    place: listener.listenerArn,
    name: conditions
      .map((condition) => JSON.stringify(condition.renderRawCondition()))
      .sort()
      .join(),
    ...(given.length > 0
      ? {
          prop: 'entrance.conditions',
          problem: (other) => `lead to ${other} already, by a rule of the same listener`,
          remedy: 'Give each cluster conditions of its own: of two rules with the same only the first is asked',
        }
      : {
          prop: 'entrance.domainName',
          problem: (other) => `'${domainName}' leads to ${other} already, by a rule of the same listener`,
          remedy:
            'Give each cluster a name or a `publicPath` of its own, and the longer path the lower `priority`: of rules that fit a request only the first is asked',
        }),
  });
}

/** What is under it, and itself as users type it. */
function pathsOf(publicPath: string): string[] {
  return Token.isUnresolved(publicPath) ? [`${publicPath}*`] : [publicPath.slice(0, -1), `${publicPath}*`];
}

function checkNumberOfValues(scope: Construct, values: unknown[]) {
  if (values.length > MOST_VALUES) {
    throw invalidProp(scope, {
      prop: 'entrance.conditions',
      problem: `have ${values.length} values, and a rule takes ${MOST_VALUES}, of all its conditions together`,
      remedy: 'Use a wildcard, or point further names to NocoBase by rules of your own that redirect to `domainName`',
    });
  }
}

function checkFields(scope: Construct, fields: string[]) {
  const twice = ONCE.find((field) => fields.filter((each) => each === field).length > 1);
  if (twice !== undefined) {
    throw invalidProp(scope, {
      prop: 'entrance.conditions',
      problem: `have more than one of the type ${twice}, and a rule takes one`,
      remedy: 'Put its values into one condition: any of them will do then',
    });
  }
}

function warnOfHost(scope: Construct, patterns: string[], domainName: string) {
  if (!areComparable(patterns, domainName) || patterns.some((pattern) => fits(pattern.toLowerCase(), domainName))) {
    return;
  }
  Validations.of(scope).addWarning(
    'cdk-nocobase:listener-host',
    `Requests for ${domainName} do not reach NocoBase: the conditions of the entrance let ${patterns.join(', ')} through. Give the name that users type as \`domainName\`, and add it to the condition on the host. Where something in front of the load balancer changes the name, acknowledge this.`,
  );
}

function warnOfPaths(scope: Construct, patterns: string[], publicPath: string) {
  if (!areComparable(patterns, publicPath)) {
    return;
  }
  const missing = [publicPath, `${publicPath}api/app:getInfo`, `${publicPath}ws`].filter(
    (path) => !patterns.some((pattern) => fits(pattern, path)),
  );
  if (missing.length > 0) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:listener-path',
      `Requests for ${missing.join(', ')} do not reach NocoBase: its \`publicPath\` is '${publicPath}', and the conditions of the entrance let ${patterns.join(', ')} through. Set \`publicPath\`, or leave the path out of the conditions.`,
    );
  }
}

/** Without patterns everything is let through. */
function areComparable(patterns: string[], wanted: string): boolean {
  return patterns.length > 0 && !Token.isUnresolved(patterns) && [wanted, ...patterns].every(isKnown);
}

// biome-ignore lint/suspicious/noExplicitAny: what the CDK says of it.
function valuesOf(condition: any): string[] {
  const configured = Object.keys(condition).filter((key) => key.endsWith('Config'));
  return [...(condition.values ?? []), ...configured.flatMap((key) => condition[key]?.values ?? [])];
}
