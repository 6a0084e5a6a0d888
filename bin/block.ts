import { keyEndingIn, type Problem, unknownKey, valueAt } from './problems';
import { KEYS } from './schema';
import { mostSimilar } from './similar';

/** The configuration as it was written, before anybody has looked at its values. */
export interface Block {
  readonly value: unknown;
  /** Where the reader finds a path of it. */
  readonly where: (path: readonly PropertyKey[]) => string;
  /** Keys of the context that were meant for us and are not. */
  readonly strays: readonly Problem[];
}

const BLOCK = 'nocobase';
/** The one key that is changed for a single run, and so has a short form. */
const SHORT = 'license';

/**
 * `nocobase` in cdk.json with what the command line says otherwise:
 * `-c license=…`, and `-c nocobase.web.maxNodes=6` for any key.
 */
export function blockOf(context: { [key: string]: unknown }): Block {
  const overrides = Object.keys(context).filter((key) => key === SHORT || key.startsWith(`${BLOCK}.`));
  let value: unknown = context[BLOCK] ?? {};
  for (const key of overrides) {
    value = withValue(value, pathOf(key), context[key]);
  }
  return {
    value,
    where: (path) => {
      const key =
        overrides.find((override) => isPrefix(pathOf(override), path)) ??
        // A group that is there only because of a key in it.
        (path.length > 0 && valueAt(context[BLOCK], path) === undefined
          ? overrides.find((override) => isPrefix(path, pathOf(override)))
          : undefined);
      if (key !== undefined) {
        return `-c ${key}`;
      }
      // Only the command line makes a text of the whole.
      return typeof value === 'string' ? `-c ${BLOCK}` : `${[BLOCK, ...path].join('.')} in cdk.json`;
    },
    strays: Object.keys(context).flatMap((key) => stray(key, context[key])),
  };
}

function isPrefix(start: readonly PropertyKey[], path: readonly PropertyKey[]): boolean {
  return start.every((part, index) => part === path[index]);
}

function pathOf(override: string): string[] {
  return override === SHORT ? [SHORT] : override.split('.').slice(1);
}

function withValue(group: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (typeof group !== 'object' || group === null || Array.isArray(group)) {
    // No group, and the schema says so.
    return group;
  }
  const entries = group as { [key: string]: unknown };
  return { ...entries, [key]: rest.length === 0 ? value : withValue(entries[key] ?? {}, rest, value) };
}

/**
 * A key of the context that is none of ours but looks as if it were meant to be:
 * `-c licence=pending` must not deploy with a licence. The rest of the context
 * belongs to CDK (its keys have a `:` or `/`) and to the user's ~/.cdk.json.
 */
function stray(key: string, given: unknown): Problem[] {
  if (key === BLOCK || key === SHORT || key.startsWith(`${BLOCK}.`) || /[:/]/.test(key)) {
    return [];
  }
  const meant =
    mostSimilar(key, [SHORT]) ?? keyEndingIn(key) ?? mostSimilar(key, KEYS) ?? (/^noco/i.test(key) ? '…' : undefined);
  if (meant === undefined) {
    return [];
  }
  return [
    {
      where: `-c ${key}`,
      given,
      allowed: `-c ${SHORT}=… and, for every key, -c ${BLOCK}.KEY=…`,
      why: unknownKey(meant === SHORT ? `-c ${SHORT}` : `-c ${BLOCK}.${meant}`),
    },
  ];
}
