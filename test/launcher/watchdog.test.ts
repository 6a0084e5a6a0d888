import fc from 'fast-check';

const Watchdog = require('../../lib/launcher/scripts/watchdog.js');

const STATES = ['healthy', 'commanding', 'starting', 'error', 'refused', 'silent'] as const;
type State = (typeof STATES)[number];

/** What is seen, and how long after the one before. */
interface Sight {
  readonly state: State;
  readonly after: number;
}

const sights = (...states: State[]): fc.Arbitrary<Sight[]> =>
  fc.array(fc.record({ state: fc.constantFrom(...states), after: fc.integer({ min: 1, max: 100_000 }) }), {
    maxLength: 60,
  });

const RULES = { upgradeTimeout: 7_200_000, startTimeout: 300_000, unhealthyTimeout: 120_000 };

/** When the watchdog ends the node, and why; and what was seen until then. */
function watch(alone: boolean, seen: Sight[]) {
  const watchdog = new Watchdog({ ...RULES, alone }, 0);
  let now = 0;
  for (const [index, { state, after }] of seen.entries()) {
    now += after;
    const end = watchdog.observe(now, { state, detail: `seen ${state}` });
    if (end) return { now, reason: end.sentence as string, isFinal: end.isFinal === true, index };
  }
  return undefined;
}

test('(b) a node that begins a generation is not ended before upgradeTimeout while no error stays', () => {
  fc.assert(
    fc.property(sights('commanding', 'starting', 'refused', 'silent'), (seen) => {
      const end = watch(true, seen);
      const total = seen.reduce((sum, { after }) => sum + after, 0);
      expect(end === undefined).toBe(total < RULES.upgradeTimeout);
      // Another try would take as long, and CloudFormation does not wait for that.
      expect(end?.isFinal ?? true).toBe(true);
    }),
  );
});

test('(b) an error ends it when it is seen three times in a row, not before', () => {
  fc.assert(
    fc.property(sights('commanding', 'starting', 'error', 'refused'), (seen) => {
      fc.pre(seen.reduce((sum, { after }) => sum + after, 0) < RULES.upgradeTimeout);
      const third = seen.findIndex(
        (_, i) => i >= 2 && seen.slice(i - 2, i + 1).every(({ state }) => state === 'error'),
      );
      expect(watch(true, seen)?.index).toBe(third < 0 ? undefined : third);
      expect(watch(true, seen)?.isFinal ?? false).toBe(false);
    }),
  );
});

test('(c) any other start has startTimeout, whatever is seen', () => {
  fc.assert(
    fc.property(sights('commanding', 'starting', 'error', 'refused', 'silent'), (seen) => {
      const total = seen.reduce((sum, { after }) => sum + after, 0);
      const end = watch(false, seen);
      expect(end === undefined).toBe(total < RULES.startTimeout);
      if (end) expect(end.reason).toContain('within 300 s');
    }),
  );
});

test('(d) after first health a node ends exactly when it has been unhealthy for long enough, commands excepted', () => {
  fc.assert(
    fc.property(fc.boolean(), sights(...STATES), (alone, seen) => {
      let now = 1;
      let since: number | undefined;
      let expected: number | undefined;
      for (const { state, after } of seen) {
        now += after;
        since = state === 'healthy' || state === 'commanding' ? undefined : (since ?? now);
        if (since !== undefined && now - since >= RULES.unhealthyTimeout) {
          expected = now;
          break;
        }
      }
      const end = watch(alone, [{ state: 'healthy', after: 1 }, ...seen]);
      expect(end?.now).toBe(expected);
      if (end) expect(end.reason).toMatch(/has not been healthy for \d+ s; last seen: seen/);
    }),
    { numRuns: 1000 },
  );
});
