import { type Duration, type Size, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** What CDK's look-ups (Vpc, SecurityGroup, DatabaseInstance, StringParameter and the like) answer in the first synthesis. */
const DUMMIES = [
  /dummy-value-for-/,
  /^vpc-12345$/,
  /^sg-(1234|12345678|123456789012)$/,
  /^TEST(READER)?ADDRESS$/i,
  /^dummy1[abc]$/,
  /\/DUMMY_ARN$/,
  /^pl-xxxxxxxx$/,
  /^DUMMY$/,
  // Real ones have `app` there.
  /:(listener|loadbalancer)\/application\//,
];

/** What an error about a prop has to say. */
export interface InvalidPropDetails {
  /** The prop as the caller writes it, e.g. `web.maxNodes`. */
  readonly prop: string;
  /** A clause that starts with what was given and ends with why that cannot be. */
  readonly problem: string;
  /** A sentence that says what to write instead. */
  readonly remedy: string;
}

/**
 * The error for a prop that cannot be, in the one form that all of them have:
 * ``cdk-nocobase [Prod/NocoBase]: `web.maxNodes` 20 needs …. Lower …``.
 */
export function invalidProp(scope: IConstruct, details: InvalidPropDetails): Error {
  return new Error(
    `cdk-nocobase [${scope.node.path}]: \`${details.prop}\` ${endSentence(details.problem)} ${endSentence(details.remedy)}`,
  );
}

/** What was given in place of something else. */
export function typeOf(given: unknown): string {
  return given === undefined || given === null ? 'nothing' : typeof given;
}

/** Refuses what is only known at the deployment, where the library has to reckon with it. */
export function refuseToken(scope: IConstruct, prop: string, value: unknown) {
  if (hasUnit(value) ? value.isUnresolved() : Token.isUnresolved(value)) {
    throw invalidProp(scope, {
      prop,
      problem: 'is a token, whose value is not known before the deployment',
      remedy: 'Give a plain value: the library reckons with it at synthesis',
    });
  }
}

/** By which each is told from the other. Where there are two copies of CDK, they do not know each other's classes. */
const UNITS = { Duration: 'toSeconds', Size: 'toGibibytes' };

function hasUnit(value: unknown): value is Duration | Size {
  return Object.values(UNITS).some((method) => hasMethod(value, method));
}

function hasMethod(value: unknown, method: string): boolean {
  return typeof (value as { [name: string]: unknown } | null | undefined)?.[method] === 'function';
}

/** Refuses a bare number, for which the compiler asks for a unit in TypeScript only. Nothing is fine. */
export function checkUnit(scope: IConstruct, prop: string, unit: keyof typeof UNITS, given: unknown, remedy: string) {
  if (given === undefined || given === null || hasMethod(given, UNITS[unit])) return;
  throw invalidProp(scope, { prop, problem: `must be a ${unit}, got: ${typeOf(given)}`, remedy });
}

/** A whole number within bounds, or an error. @param remedy if there is something better to say than how it is written */
export function whole(
  scope: IConstruct,
  prop: string,
  value: number,
  from: number,
  to = Number.POSITIVE_INFINITY,
  remedy = `Write it as a number, e.g. ${from}`,
): number {
  refuseToken(scope, prop, value);
  if (!Number.isInteger(value) || value < from || value > to) {
    throw invalidProp(scope, {
      prop,
      problem: `must be a whole number ${to === Number.POSITIVE_INFINITY ? `of at least ${from}` : `between ${from} and ${to}`}, got: ${value}`,
      remedy,
    });
  }
  return value;
}

/** Whole days within bounds, if any are given, or an error. Of a token only the unit is known. */
export function checkDays(
  scope: IConstruct,
  prop: string,
  given: Duration | undefined,
  from: number,
  to: number,
  remedy: string,
) {
  checkUnit(scope, prop, 'Duration', given, remedy);
  if (!given) return;
  const days = given.isUnresolved() ? undefined : given.toDays({ integral: false });
  if (days === undefined ? given.unitLabel() === 'days' : Number.isInteger(days) && days >= from && days <= to) return;
  throw invalidProp(scope, {
    prop,
    problem: `must be between ${from} and ${to} whole days, got: ${days ?? `a token in ${given.unitLabel()}`}`,
    remedy,
  });
}

/**
 * Whether synthesis can look at a text. It cannot at a token, nor at what a
 * look-up answers before there is an answer: the same for all that are looked
 * up, and refusing it would keep the look-up from ever being made.
 */
export function isKnown(text: string): boolean {
  return !Token.isUnresolved(text) && !isPending(text);
}

/** Whether it is what a look-up answers before there is an answer: the same for several that are looked up. */
export function isPending(text: string): boolean {
  return !Token.isUnresolved(text) && DUMMIES.some((dummy) => dummy.test(text));
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
