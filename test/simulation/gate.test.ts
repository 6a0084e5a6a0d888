import { type Faults, live } from './schedule';

const Gate = require('../../lib/launcher/scripts/gate');

/** Lives that each of the files of this folder is responsible for. */
const LIVES = 5000;

async function lives(from: number, count: number, faults: Faults = {}) {
  const bad: string[] = [];
  for (let seed = from; seed < from + count && bad.length < 3; seed++) {
    const { broken, settled, trace } = await live(seed, faults);
    if (broken || !settled)
      bad.push(`life ${seed}: ${broken ?? 'what can run does not run in the end'}\n${trace.join('\n')}`);
  }
  return bad;
}

test.each([1, 1 + LIVES])(
  'one version runs at a time, and what can run runs in the end (from life %i on)',
  async (from) => {
    expect(await lives(from, LIVES)).toEqual([]);
  },
);

// What the waiting is for: without it, two versions meet.
test.each<[string, Faults]>([
  ['the notice that who asks gives', { notice: 0 }],
  ['the wait for a node that has vanished', { vanished: 0 }],
  ['the bound on how long a node runs without its lock', { lost: Number.POSITIVE_INFINITY }],
])('without %s it goes wrong', async (_, faults) => {
  const bad = await lives(1, 4000, faults);
  expect(bad.filter((life) => /at once|has begun/.test(life.split('\n')[0]))).not.toEqual([]);
});

test('without an eye on the lock while a node stops it goes wrong', async () => {
  const blind = jest.spyOn(Gate.prototype, 'watchStop').mockImplementation(() => new Promise(() => {}));
  try {
    const bad = await lives(1, 4000);
    expect(bad.filter((life) => /at once|has begun/.test(life.split('\n')[0]))).not.toEqual([]);
  } finally {
    blind.mockRestore();
  }
});
