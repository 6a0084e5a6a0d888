import fc from 'fast-check';
import { compact, pointOf, written } from '../../../bin/operations/point';
import { firstAfter, restorePointsOf } from '../../../bin/operations/restore-points';
import { fakeAws } from './fake-aws';

test.each([
  ['2026-03-01T21:14:07Z', '2026-03-01T21:14:07Z'],
  // As PostgreSQL writes it, in its own and in another zone.
  ['2026-03-01 21:14:07.512+00', '2026-03-01T21:14:08Z'],
  ['2026-03-01 22:14:07.000001+01', '2026-03-01T21:14:08Z'],
  ['2026-03-02 02:59:59.9+05:45', '2026-03-01T21:15:00Z'],
  ['2026-03-01T21:14:07.000+0000', '2026-03-01T21:14:07Z'],
  [' 2026-03-01t21:14:07z '.toUpperCase(), '2026-03-01T21:14:07Z'],
])('%s is %s', (text, point) => {
  expect(written(pointOf(text)!)).toBe(point);
});

test.each(['', 'yesterday', '2026-03-01', '2026-03-01T21:14:07', '2026-13-01T00:00:00Z', '2026-03-01T21:14:07Zulu'])(
  '%p is no moment',
  (text) => {
    expect(pointOf(text)).toBeUndefined();
  },
);

test('a point is never before what was noted, and less than a second after it', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2020-01-01T00:00:00Z'), max: new Date('2090-01-01T00:00:00Z'), noInvalidDate: true }),
      (noted) => {
        const gap = pointOf(noted.toISOString())!.getTime() - noted.getTime();
        expect(gap).toBeGreaterThanOrEqual(0);
        expect(gap).toBeLessThan(1000);
      },
    ),
    { seed: 1 },
  );
});

test('names have no characters that RDS refuses', () => {
  expect(compact(new Date('2026-03-01T21:14:07Z'))).toBe('20260301-211407');
});

const begins = (generation: string, point: string, at: number) => ({
  message: `[launcher] begins "${generation}" on this database, upgrading if needed; other nodes wait. Restore point: ${point}`,
  timestamp: at,
});

async function pointsOf(...events: object[]) {
  return pointsIn({ ownsLogGroup: true }, ...events);
}

async function pointsIn(cluster: { ownsLogGroup: boolean }, ...events: object[]) {
  const { aws } = fakeAws({
    FilterLogEvents: ({ nextToken }) =>
      nextToken ? { events: events.slice(1) } : { events: events.slice(0, 1), nextToken: '2' },
  });
  return restorePointsOf(aws, { logGroup: 'logs', ...cluster } as never, ['web'], new Date('2026-03-02T00:00:00Z'));
}

test('restore points come from the logs, the newest first, and tries of one version are one', async () => {
  const points = await pointsOf(
    begins('B', '2026-03-01 10:00:00.5+00', 2000),
    begins('B', '2026-03-01T10:00:00.5+00:00', 3000),
    begins('C', '2026-03-01 12:00:00+00', 9000),
    begins('A', 'null', 1000),
    { message: '[launcher] something else. Restore point: soon', timestamp: 1 },
  );
  expect(points.map(({ generation, point }) => [generation, written(point)])).toEqual([
    ['C', '2026-03-01T12:00:00Z'],
    ['B', '2026-03-01T10:00:01Z'],
  ]);
});

test('what is undone is what began first after a moment', async () => {
  const points = await pointsOf(
    begins('B', '2026-03-01 10:00:00+00', 2000),
    // B was never healthy, and this has its restore point.
    begins('C', '2026-03-01 10:00:00+00', 5000),
    begins('D', '2026-03-01 12:00:00+00', 9000),
  );
  expect(firstAfter(points, new Date('2026-03-01T10:00:00Z'))?.generation).toBe('B');
  expect(firstAfter(points, new Date('2026-03-01T09:00:00Z'))?.generation).toBe('B');
  expect(firstAfter(points, new Date('2026-03-01T11:00:00Z'))?.generation).toBe('D');
  expect(firstAfter(points, new Date('2026-03-01T13:00:00Z'))).toBeUndefined();
});

describe('where a line says of which revision it is', () => {
  const of = (revision: string, generation: string, at: number) =>
    begins(generation, `2026-03-01 10:00:00.5+00, of revision ${revision}`, at);

  test('those of other clusters in the same log are none', async () => {
    const points = await pointsIn({ ownsLogGroup: false }, of('web:7', 'B', 2000), of('other:9', 'C', 3000));
    expect(points).toEqual([
      {
        generation: 'B',
        point: new Date('2026-03-01T10:00:01Z'),
        at: new Date(2000),
        family: 'web',
        revision: 7,
        certain: true,
      },
    ]);
  });

  test('a line that does not say it is certain only in a log of the cluster’s own', async () => {
    const line = begins('B', '2026-03-01 10:00:00.5+00', 2000);
    expect((await pointsIn({ ownsLogGroup: false }, line)).map(({ certain }) => certain)).toEqual([false]);
    expect((await pointsIn({ ownsLogGroup: true }, line)).map(({ certain }) => certain)).toEqual([true]);
  });
});
