import type { Facts, FleetFacts, Known } from './facts';

/** For a person, at night. */
export function report(facts: Facts): string {
  return [
    `${facts.stack}  ${facts.stackStatus}  (${facts.cluster === '' ? '' : `cluster ${facts.cluster}, `}${facts.region})`,
    ...(facts.unfinishedRestore
      ? ['', 'A RESTORE WAS BEGUN AND NOT FINISHED. Go on with it:', `  ${facts.unfinishedRestore}`]
      : []),
    ...superseded(facts),
    '',
    'Nodes',
    ...section(facts.fleets, ({ list }) => list.flatMap(fleet)),
    '',
    'Maintenance',
    ...section(facts.maintenance, ({ on }) => [
      `  ${on === null ? 'not known: this stack has no rule for it' : on ? 'ON: one node, whose health is not judged' : 'off'}`,
    ]),
    '',
    'Database',
    ...section(facts.database, database),
    '',
    'Restore points',
    ...section(facts.restorePoints, ({ list }) => points(list)),
    '',
    'Alarms',
    ...section(facts.alarms, ({ list }) =>
      list.length === 0 ? ['  none is in ALARM'] : list.map(({ name, reason }) => `  ${name}: ${reason}`),
    ),
    '',
  ].join('\n');
}

function section<T extends object>(known: Known<T>, lines: (there: T) => string[]): string[] {
  return 'unknown' in known ? [`  not known: ${known.unknown}`] : lines(known);
}

function superseded({ superseded: known }: Facts): string[] {
  if ('unknown' in known || known.line === null) return [];
  return ['', 'AN UPGRADE FAILED, and users see a page instead of NocoBase. The nodes say:', `  ${known.line}`];
}

function fleet({ service, running, pending, desired, bounds, deployments }: FleetFacts): string[] {
  const starting = pending > 0 ? `, ${pending} starting` : '';
  const within = bounds ? `, between ${bounds.min} and ${bounds.max}` : '';
  return [
    `  ${service}: ${running} of ${desired} run${starting}${within}`,
    ...deployments.map(
      ({ revision, image, status, rollout, running: there, failed }) =>
        `    revision ${revision}  ${image}  ${status}${rollout ? `, ${rollout}` : ''}, ${there} running${failed > 0 ? `, ${failed} failed` : ''}`,
    ),
  ];
}

function database({ facts }: Exclude<Facts['database'], { unknown: string }>): string[] {
  if (facts === null) return ['  not an RDS instance that this command knows of'];
  const { instance, status, backupRetentionDays, restorableFrom, restorableTo } = facts;
  return [
    `  ${instance}: ${status}`,
    backupRetentionDays === 0
      ? '    NO AUTOMATED BACKUPS: an upgrade cannot be undone'
      : `    can be restored from ${restorableFrom ?? '?'} to ${restorableTo ?? '?'} (backups are kept for ${backupRetentionDays} days)`,
  ];
}

const RESTORABLE = {
  yes: '',
  soon: '  (RDS reaches it within minutes)',
  no: '  (no longer: backups of that time are gone)',
  unknown: '  (whether RDS can restore to it is not known)',
};

function points(list: Exclude<Facts['restorePoints'], { unknown: string }>['list']): string[] {
  if (list.length === 0) return ['  none: no upgrade in the logs of the last 35 days, or as far as logs are kept'];
  return list.flatMap(({ point, generation, restorable, certain, command }) => [
    `  ${point}  before "${generation}" began${RESTORABLE[restorable]}${certain ? '' : '  (perhaps of another cluster with the same logs)'}`,
    ...(restorable === 'yes' || restorable === 'soon' ? [`    ${command}`] : []),
  ]);
}
