import { Stack } from 'aws-cdk-lib';
import * as fc from 'fast-check';
import { deploymentPercentages, type FleetSize, workerIds } from '../../lib/node/worker-id-budget';

const fleet = (size: Partial<FleetSize>): FleetSize => ({
  prop: 'web',
  minNodes: 2,
  maxNodes: 4,
  processes: 1,
  ...size,
});
const percentages = (size: Partial<FleetSize>, others: FleetSize[] = []) =>
  deploymentPercentages(new Stack(undefined, 'Prod'), fleet(size), others);

test('running, surging and stopping nodes all hold worker ids', () => {
  expect(workerIds(fleet({ maxNodes: 5, processes: 2 }), 150)).toBe(2 * (7 + 5));
});

test('a small fleet is replaced at once', () => {
  expect(percentages({ maxNodes: 8 })).toEqual({ maximumPercent: 200, minimumHealthyPercent: 100 });
});

test('the surge shrinks before a fleet is refused', () => {
  expect(percentages({ maxNodes: 12 })).toEqual({ maximumPercent: 174, minimumHealthyPercent: 100 });
});

test('where no node can start before one stops, ECS stops one first', () => {
  expect(percentages({ maxNodes: 16, minNodes: 4 })).toEqual({ maximumPercent: 106, minimumHealthyPercent: 75 });
});

test('a fleet that never fits is refused with the size that does', () => {
  expect(() => percentages({ maxNodes: 20 })).toThrow(
    'cdk-nocobase [Prod]: `web.maxNodes` 20 and a 100% rolling surge needs 40 worker ids, stopping nodes included, but NocoBase has 32 (0–31). Lower `web.maxNodes` to 16.',
  );
});

test('a surge that the caller fixed is refused with the one that fits', () => {
  expect(() => percentages({ maxNodes: 12, maximumPercent: 200 })).toThrow(
    '`web.maxNodes` 12 and a 200% rolling surge needs 36 worker ids, stopping nodes included, but NocoBase has 32 (0–31). Leave `web.maximumPercent` out, or set it to 174.',
  );
});

test('the refusal says which other fleet holds how many', () => {
  const workers = fleet({ prop: 'workers.Workflows', maxNodes: 6 });
  expect(() => percentages({ maxNodes: 10 }, [workers])).toThrow(
    'of which `workers.Workflows` may hold 18. Lower `web.maxNodes` to 7.',
  );
});

test('whatever is accepted stays inside the ids and lets ECS make progress at every desired count', () => {
  const sizes = fc
    .record({ minNodes: fc.integer({ min: 2, max: 16 }), extra: fc.nat(14), processes: fc.integer({ min: 1, max: 4 }) })
    .map(({ minNodes, extra, processes }) => fleet({ minNodes, maxNodes: minNodes + extra, processes }));
  fc.assert(
    fc.property(sizes, (size) => {
      let accepted: ReturnType<typeof percentages>;
      try {
        accepted = percentages(size);
      } catch {
        expect(workerIds(size, 100)).toBeGreaterThan(32);
        return;
      }
      expect(workerIds(size, accepted.maximumPercent)).toBeLessThanOrEqual(32);
      for (let desired = size.minNodes; desired <= size.maxNodes; desired++) {
        const mayStart = Math.floor((desired * accepted.maximumPercent) / 100) > desired;
        const mayStop = Math.ceil((desired * accepted.minimumHealthyPercent) / 100) < desired;
        expect(mayStart || mayStop).toBe(true);
      }
    }),
  );
});
