import { Stack, Token, Validations } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { resources } from '../app-resources';
import { invalidProp, isKnown, isPending } from '../invalid-prop';
import { identityInPlace } from './identity-in-place';
import { fits } from './wildcards';

// A listener asks its rules by their priority, and the first that fits a request has it. What is looked at is what the
// app makes, when all of it is there.

/** Finds the rule that has the same priority. */
export function checkPriorityIsFree(scope: Construct, rule: elbv2.CfnListenerRule): string[] {
  const other = otherRules(scope, rule).find(({ priority }) => priority === rule.priority);
  if (other === undefined) {
    return [];
  }
  return [
    invalidProp(scope, {
      prop: 'entrance.priority',
      problem: `${rule.priority} belongs to another rule of the listener already: ${other.node.path}`,
      remedy: 'Give each rule a priority of its own',
    }).message,
  ];
}

/** Says so when an earlier rule leaves no request to this one. */
export function warnOfEarlierRule(scope: Construct, rule: elbv2.CfnListenerRule) {
  const other = otherRules(scope, rule).find(
    (each) => each.priority < rule.priority && takesAll(conditionsOf(each), conditionsOf(rule)),
  );
  if (other !== undefined) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:earlier-rule',
      `No request reaches NocoBase: the rule ${other.node.path} takes all that are for it, and is asked first, with the priority ${other.priority}; that of the entrance is ${rule.priority}. Give the entrance the lower \`priority\` of the two, or narrow the conditions of that rule.`,
    );
  }
}

function identityOfListener(rule: elbv2.CfnListenerRule): string {
  return identityInPlace(rule, rule.listenerArn ?? '');
}

function otherRules(scope: Construct, rule: elbv2.CfnListenerRule): elbv2.CfnListenerRule[] {
  const { listenerArn } = rule;
  if (Token.isUnresolved(rule.priority) || isPending(listenerArn ?? '')) {
    return [];
  }
  const listener = identityOfListener(rule);
  return resources(scope, elbv2.CfnListenerRule.isCfnListenerRule).filter(
    (each) => each !== rule && identityOfListener(each) === listener && !Token.isUnresolved(each.priority),
  );
}

type Condition = elbv2.CfnListenerRule.RuleConditionProperty;

/** What is true of every request. */
const ALWAYS: Condition[] = [
  { field: 'host-header', values: ['*'] },
  { field: 'path-pattern', values: ['/*'] },
];

function conditionsOf(rule: elbv2.CfnListenerRule): Condition[] {
  return Stack.of(rule).resolve(rule.conditions) ?? [];
}

/** Whether every request that meets the conditions of the later rule meets those of the earlier one. */
function takesAll(earlier: Condition[], later: Condition[]): boolean {
  return earlier.length > 0 && earlier.every((theirs) => [...later, ...ALWAYS].some((ours) => isWithin(ours, theirs)));
}

function isWithin(ours: Condition, theirs: Condition): boolean {
  if (ours.field !== theirs.field) return false;
  const [narrow, wide] = [ours, theirs].map(patternsOf);
  if (narrow === undefined || wide === undefined) return isSame(ours, theirs);
  return narrow.every((pattern) => wide.some((other) => fits(other, pattern)));
}

/** Of a host or a path, where they are known, and all there is to it. */
function patternsOf(condition: Condition): string[] | undefined {
  const { field, hostHeaderConfig, pathPatternConfig } = condition;
  const isHost = field === 'host-header';
  if (!isHost && field !== 'path-pattern') return undefined;
  const { values, regexValues } = ((isHost ? hostHeaderConfig : pathPatternConfig) ?? condition) as Condition;
  if (regexValues !== undefined || !Array.isArray(values) || values.length === 0) return undefined;
  if (!values.every((value) => typeof value === 'string' && isKnown(value))) return undefined;
  return isHost ? values.map((value) => value.toLowerCase()) : values;
}

/** References may mean something else in another stack. */
function isSame(one: Condition, other: Condition): boolean {
  const text = JSON.stringify(one);
  return text === JSON.stringify(other) && !/"(Ref|Fn::\w+)"/.test(text);
}
