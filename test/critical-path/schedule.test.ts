import * as fc from 'fast-check';
import type { Graph, Step } from './graph';
import { scheduleOf } from './schedule';
import { type Series, seriesIn, totalOf } from './series';

/** Steps as `name: [seconds, what it waits for]`. */
function graph(steps: { [id: string]: [seconds: number, ...after: string[]] }): Graph {
  return new Map(
    Object.entries(steps).map(([id, [seconds, ...after]]): [string, Step] => [
      id,
      { id, path: id, type: 'Some::Type', seconds, after },
    ]),
  );
}

const DIAMOND = graph({ first: [10], quick: [5, 'first'], slow: [30, 'first'], last: [1, 'quick', 'slow'] });

test('a diamond takes as long as its slower side', () => {
  const { total, inSeries, chain, steps } = scheduleOf(DIAMOND);
  expect({ total, inSeries }).toEqual({ total: 41, inSeries: 46 });
  expect(chain.map(({ id, start, end }) => [id, start, end])).toEqual([
    ['first', 0, 10],
    ['slow', 10, 40],
    ['last', 40, 41],
  ]);
  expect([...steps.values()].map(({ id, slack }) => [id, slack])).toEqual([
    ['first', 0],
    ['quick', 25],
    ['slow', 0],
    ['last', 0],
  ]);
});

test('of two chains that are as long the same one is told, whatever the order of the template', () => {
  const steps: Parameters<typeof graph>[0] = { b: [5], a: [5], last: [1, 'b', 'a'] };
  const reversed = Object.fromEntries(Object.entries(steps).reverse());
  for (const order of [steps, reversed]) {
    expect(scheduleOf(graph(order)).chain.map(({ id }) => id)).toEqual(['a', 'last']);
  }
});

test('nothing takes no time', () => {
  expect(scheduleOf(graph({}))).toMatchObject({ total: 0, inSeries: 0, chain: [] });
});

/** Steps that wait for some of those before them, told in any order. */
const graphs = fc
  .integer({ min: 1, max: 9 })
  .chain((size) =>
    fc.tuple(
      fc.array(fc.integer({ min: 0, max: 100 }), { minLength: size, maxLength: size }),
      fc.array(fc.boolean(), { minLength: size * size, maxLength: size * size }),
      fc.shuffledSubarray([...Array(size).keys()], { minLength: size }),
    ),
  )
  .map(([seconds, edges, order]) => {
    const waits = (step: number) => [...Array(step).keys()].filter((before) => edges[step * seconds.length + before]);
    return graph(
      Object.fromEntries(order.map((step) => [`s${step}`, [seconds[step], ...waits(step).map((id) => `s${id}`)]])),
    );
  });

/** Every way through the graph. */
function* paths(of: Graph, from?: string): Generator<readonly string[]> {
  yield [];
  for (const { id, after } of of.values()) {
    if (from === undefined || after.includes(from)) {
      for (const path of paths(of, id)) {
        yield [id, ...path];
      }
    }
  }
}

function length(of: Graph, path: readonly string[]): number {
  return path.reduce((sum, id) => sum + of.get(id)!.seconds, 0);
}

test('the total is the length of the longest path, and the chain is such a path', () => {
  fc.assert(
    fc.property(graphs, (any) => {
      const { total, chain, steps } = scheduleOf(any);
      expect(total).toBe(Math.max(...[...paths(any)].map((path) => length(any, path))));
      expect(chain.reduce((sum, { seconds }) => sum + seconds, 0)).toBe(total);
      chain.forEach((step, index) => {
        expect(step.after).toEqual(index === 0 ? expect.anything() : expect.arrayContaining([chain[index - 1].id]));
      });
      for (const { id, slack } of steps.values()) {
        // That much longer changes nothing, and a second more does.
        expect(scheduleOf(longer(any, id, slack)).total).toBe(total);
        expect(scheduleOf(longer(any, id, slack + 1)).total).toBe(total + 1);
      }
    }),
  );
});

function longer(of: Graph, id: string, by: number): Graph {
  return new Map(of).set(id, { ...of.get(id)!, seconds: of.get(id)!.seconds + by });
}

describe('in series', () => {
  const needless = graph({
    database: [400],
    parameters: [5, 'database'],
    redis: [300, 'parameters'],
    service: [200, 'database', 'redis'],
  });
  const names = ({ earlier, later }: Series) => `${earlier.id} → ${later.id}`;

  test('are slow steps of which one waits for the other, also through what is quick', () => {
    expect(seriesIn(needless).map(names).sort()).toEqual(['database → redis', 'database → service', 'redis → service']);
  });

  test('without a wait the total is what it would be with the two beside each other', () => {
    expect(totalOf(needless, () => true)).toBe(905);
    expect(totalOf(needless, (series) => names(series) !== 'database → redis')).toBe(600);
  });

  test('with every wait justified the total is that of the schedule', () => {
    fc.assert(fc.property(graphs, (any) => expect(totalOf(any, () => true)).toBe(scheduleOf(any).total)));
  });
});
