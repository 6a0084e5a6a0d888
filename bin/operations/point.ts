/**
 * A moment as nodes and people write it, as a whole second: the next one, because everything that the old nodes wrote
 * has to be in it, and the gate leaves two seconds before an upgrade begins. Undefined where it is none.
 */
export function pointOf(text: string): Date | undefined {
  const [, date, time, fraction = '', zone = ''] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)$/i.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const moment = new Date(`${date}T${time}${offset}`);
  if (Number.isNaN(moment.getTime())) return undefined;
  return /[1-9]/.test(fraction) ? new Date(moment.getTime() + 1000) : moment;
}

/** 2026-01-31T04:05:06Z */
export function written(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

/** 20260131-040506 */
export function compact(moment: Date): string {
  return written(moment).replace(/[-:Z]/g, '').replace('T', '-');
}
