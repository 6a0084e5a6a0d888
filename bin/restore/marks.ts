import { createHash } from 'node:crypto';
import { SUSPENSIONS, type Suspension } from '../operations/fleets';
import { compact, written } from '../operations/point';

/**
 * What a restore remembers, as tags of what it is about: the state of a restore that was interrupted is in AWS, and the
 * same command goes on from there.
 */

/** Of a service: bounds, what of scaling was suspended, and the revision that its nodes come back with. */
export const BEFORE = 'cdk-nocobase:before-restore';
/** Of the instance that was renamed and is kept: what for, and what it was called. */
export const KEPT = 'cdk-nocobase:kept-before-restore';
/** Of the instance that was restored. */
export const RESTORED = 'cdk-nocobase:restored-to';

/** What a service is to be again. */
export interface Memory {
  readonly to: string;
  /** Undefined: it does not scale. */
  readonly bounds?: { readonly min: number; readonly max: number };
  readonly suspended: readonly Suspension[];
  readonly count: number;
  /** Of its family. */
  readonly revision: number;
}

/** Tags have letters, digits, spaces and _ . : / = + - @. */
export function remembered({ to, bounds, suspended, count, revision }: Memory): string {
  return [
    `to=${to}`,
    ...(bounds ? [`min=${bounds.min}`, `max=${bounds.max}`] : []),
    ...(suspended.length > 0 ? [`suspended=${suspended.join('+')}`] : []),
    `count=${count}`,
    `revision=${revision}`,
  ].join(' ');
}

export function memoryOf(tags: readonly { key?: string; value?: string }[]): Memory | undefined {
  const text = tags.find(({ key }) => key === BEFORE)?.value;
  if (text === undefined) return undefined;
  const fields = Object.fromEntries(text.split(' ').map((field) => field.split('=', 2)));
  const number = (name: string) => Number(fields[name]);
  return {
    to: fields.to ?? '',
    bounds: fields.min === undefined ? undefined : { min: number('min'), max: number('max') },
    suspended: (Object.keys(SUSPENSIONS) as Suspension[]).filter((each) => fields.suspended?.split('+').includes(each)),
    count: number('count'),
    revision: number('revision'),
  };
}

/** RDS: at most 63 characters, no two hyphens in a row. */
const LONGEST = 63;

/** What the instance is called that is kept. */
export function keptName(instance: string, point: Date): string {
  const suffix = `-before-restore-${compact(point)}`;
  const room = LONGEST - suffix.length;
  if (instance.length <= room) return `${instance}${suffix}`;
  // Two that begin alike must not be called alike.
  const hash = createHash('sha256').update(instance).digest('hex').slice(0, 8);
  return `${instance.slice(0, room - hash.length - 1).replace(/-+$/, '')}-${hash}${suffix}`;
}

export function keptFor(instance: string, point: Date): string {
  return `${written(point)} ${instance}`;
}

export function rdsTag(tags: readonly { Key?: string; Value?: string }[] | undefined, key: string): string | undefined {
  return tags?.find(({ Key }) => Key === key)?.Value;
}

export function isRestoredTo(tags: readonly { Key?: string; Value?: string }[] | undefined, point: Date): boolean {
  return rdsTag(tags, RESTORED) === written(point);
}
