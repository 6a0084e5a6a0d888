import { ancestorsOf, type Graph } from './graph';
import { type Schedule, scheduleOf, type TimedStep } from './schedule';
import { isSlow } from './series';

const WIDTH = 60;

/** For people: what a first deployment waits on, and for how long. */
export function report(name: string, graph: Graph): string {
  const schedule = scheduleOf(graph);
  const { total, inSeries, chain } = schedule;
  return [
    `${name}: a first deployment takes about ${clock(total)}; one thing after the other it would be ${clock(inSeries)}.`,
    '',
    'The longest chain: what it waits on',
    '  from   takes',
    ...chain.flatMap(link),
    '',
    'What takes a minute or more: # on the longest chain, = beside it, . could be later',
    ...chart(graph, schedule),
    '',
  ].join('\n');
}

function link({ start, seconds, path, type, parts }: TimedStep): string[] {
  const made = Object.entries(parts ?? {}).map(([what, part]) => `${''.padEnd(18)}${clock(part)} ${what}`);
  return [`${column(start)} ${column(seconds)}  ${path}  ${type}`, ...made];
}

function chart(graph: Graph, { steps, total, chain }: Schedule): string[] {
  const slow = [...steps.values()].filter(isSlow);
  const awaited = new Set(slow.flatMap(({ id }) => [...ancestorsOf(graph, id)].map((earlier) => earlier.id)));
  slow.sort((a, b) => a.start - b.start || a.end - b.end || (a.id < b.id ? -1 : 1));
  const longest = Math.max(0, ...slow.map(({ path }) => path.length));
  const place = (time: number) => Math.round((time / total) * WIDTH);
  return slow.map((step) => {
    const from = place(step.start);
    // However short, something is to be seen of it.
    const until = Math.max(place(step.end), from + 1);
    const bar = (chain.includes(step) ? '#' : '=').repeat(until - from);
    const wait = '.'.repeat(Math.max(0, place(step.end + step.slack) - until));
    const line = (' '.repeat(from) + bar + wait).padEnd(WIDTH);
    const left =
      step.slack > 0 ? `, ready ${clock(step.slack)} before ${awaited.has(step.id) ? 'it is needed' : 'the end'}` : '';
    return `  ${step.path.padEnd(longest)} |${line}| ${clock(step.seconds)}${left}`;
  });
}

function column(seconds: number): string {
  return clock(seconds).padStart(7);
}

/** Minutes and seconds. */
function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
