import { LIVES, lives } from './lives';
import type { Faults } from './schedule';

const Gate = require('../../lib/launcher/scripts/gate');

test(`one version runs at a time, and what can run runs in the end (from life ${1 + LIVES} on)`, async () => {
  expect(await lives(1 + LIVES, LIVES)).toEqual([]);
});

const versionsMeet = (bad: string[]) => bad.filter((life) => /at once|has begun/.test(life.split('\n')[0]));

// What the waiting is for: without it, two versions meet.
test.each<[string, Faults]>([
  ['the notice that who asks gives', { notice: 0 }],
  ['the wait for a node that has vanished', { vanished: 0 }],
  ['the bound on how long a node runs without its lock', { lost: Number.POSITIVE_INFINITY }],
])('without %s it goes wrong', async (_, faults) => {
  expect(versionsMeet(await lives(1, 4000, faults))).not.toEqual([]);
});

test('without an eye on the lock while a node stops it goes wrong', async () => {
  const blind = jest.spyOn(Gate.prototype, 'watchStop').mockImplementation(() => new Promise(() => {}));
  try {
    expect(versionsMeet(await lives(1, 4000))).not.toEqual([]);
  } finally {
    blind.mockRestore();
  }
});
