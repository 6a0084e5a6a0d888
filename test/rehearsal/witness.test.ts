import type { Said } from './container';
import type { Task } from './task';
import { overlap, runsOf, twoAtOnce } from './witness';

const sample = (holders: string[], sessions: string[]) => ({ at: 0, holders, sessions });
const run = (node: string, generation: string, from: number, to: number) => ({ node, generation, from, to });

test('one generation after the other is no problem', () => {
  expect(twoAtOnce([sample(['a'], ['a']), sample([], []), sample(['b'], []), sample(['b'], ['b'])])).toBeUndefined();
  expect(
    overlap([run('1', 'a', 0, 5), run('2', 'a', 1, 6), run('3', 'b', 6, Number.POSITIVE_INFINITY)]),
  ).toBeUndefined();
});

test.each([
  ['two have the lock', sample(['a', 'b'], [])],
  ['two are connected', sample(['a'], ['a', 'b'])],
  ['one has the lock while another is connected', sample(['b'], ['a'])],
])('%s: it is told', (_, found) => {
  expect(twoAtOnce([sample(['a'], ['a']), found])).toMatch(/a and b|b and a/);
});

test('two whose times overlap are told, with their nodes', () => {
  expect(overlap([run('node1', 'a', 0, 5), run('node2', 'b', 4.9, 9)])).toBe('node1 ran a while node2 ran b');
});

describe('NocoBase runs on a node', () => {
  const task = (said: Said[], endedAt?: number) =>
    ({ node: { name: 'node1', container: { said, endedAt } }, revision: { generation: 'a' } }) as unknown as Task;
  const starts = { at: 1, line: '[launcher] starts NocoBase' };

  test.each([
    [
      'until it stands by',
      [starts, { at: 3, line: '[launcher] leaves: …' }, { at: 5, line: '[launcher] stands by: …' }],
      9,
      5,
    ],
    ['until it has ended', [starts, { at: 2, line: '[launcher] NocoBase is healthy' }], 9, 9],
    ['to this moment', [starts], undefined, Number.POSITIVE_INFINITY],
  ])('%s', (_, said, endedAt, to) => {
    expect(runsOf(task(said, endedAt))).toEqual([run('node1', 'a', 1, to)]);
  });

  test('as often as it starts there', () => {
    const said = [starts, { at: 3, line: '[launcher] stands by: …' }, { ...starts, at: 7 }];
    expect(runsOf(task(said, 9))).toEqual([run('node1', 'a', 1, 3), run('node1', 'a', 7, 9)]);
  });

  test('never where nothing was started', () => expect(runsOf(task([], 9))).toEqual([]));
});
