import { fleetsOf } from '../../../bin/operations/fleets';
import { checkSame, type Seen } from '../../../bin/restore/look';
import { planned, returnOf } from '../../../bin/restore/plan';
import { next } from '../../../bin/restore/report';
import { DAY, type Made, POINT, world } from './fleets-world';

const LATER = new Date(+POINT + 3_600_000);
const EARLIER = new Date(+POINT - DAY);

const line = (of: string) => ({
  message: `[launcher] begins "B" on this database, upgrading if needed; other nodes wait. Restore point: 2026-03-01 21:14:06.5+00${of}`,
  timestamp: +LATER,
});

interface Given {
  readonly events?: readonly object[];
  readonly made?: Record<number, Made>;
  readonly ownsLogGroup?: boolean;
  readonly chosen?: readonly string[];
}

async function back({ events = [], made, ownsLogGroup = true, chosen = [] }: Given) {
  const { context } = world(['web'], { made, answers: { FilterLogEvents: () => ({ events }) } });
  const mine = { ...context, cluster: { ...context.cluster, ownsLogGroup } };
  return returnOf(mine, await fleetsOf(mine.aws, mine.cluster), chosen);
}

const revision = async (given: Given) => (await back(given)).targets.get('web')!.revision;

describe('without a line of what began', () => {
  test('a version that was made after the moment does not start on the restored database', async () => {
    await expect(back({})).rejects.toThrow(
      /cannot be told\..*Nothing was changed.*--revision web:<number> --stack Prod.*web:9 {2}image:B.*web:7 {2}image:A/s,
    );
  });

  test('nor one beside which another came or went since', async () => {
    await expect(
      back({ made: { 8: { generation: 'C', at: LATER }, 9: { generation: 'B', at: EARLIER } } }),
    ).rejects.toThrow('cannot be told');
  });

  test('nodes stay what they are where ECS knows of nothing else', async () => {
    expect(await revision({ made: { 9: { generation: 'B', at: EARLIER } } })).toBe(9);
  });

  test('whoever knows better says it', async () => {
    expect(await revision({ chosen: ['web:7'] })).toBe(7);
  });
});

describe('with a line', () => {
  test('of this cluster, it is the version before', async () => {
    expect(await revision({ events: [line(', of revision web:9')], ownsLogGroup: false })).toBe(7);
    expect(await revision({ events: [line('')] })).toBe(7);
  });

  test('that may be of another cluster, somebody has to say it', async () => {
    await expect(back({ events: [line('')], ownsLogGroup: false })).rejects.toThrow(
      /cannot be told.*other clusters may write to logs too.*--revision web:<number>/s,
    );
    expect(await revision({ events: [line('')], ownsLogGroup: false, chosen: ['web:7'] })).toBe(7);
  });

  test('that is not the first after the moment, the version between is not taken for the one of then', async () => {
    const made = { 7: { generation: 'A', at: new Date(+POINT + 1000) } };
    await expect(back({ events: [line(', of revision web:9')], made })).rejects.toThrow(
      /web:7 ran, which was made after 2026-03-01T21:14:07Z itself/,
    );
  });
});

describe('what is said', () => {
  async function seen(set: object = {}): Promise<{ context: any; plan: Seen }> {
    const { context, services } = world(['web'], { made: { 9: { generation: 'B', at: EARLIER } } });
    Object.assign(services.get('web')!, set);
    const fleets = await fleetsOf(context.aws, context.cluster);
    const database = { DBInstanceIdentifier: 'db', DbiResourceId: 'db-1' };
    return { context, plan: { database, window: {}, fleets, back: await returnOf(context, fleets, []) } };
  }

  test('the plan and the report tell of the password of that moment', async () => {
    const { context, plan } = await seen();
    const told = /password is that of 2026-03-01T21:14:07Z\. If the Secret was rotated.*--master-user-password/s;
    expect(planned(context, plan).join('\n')).toMatch(told);
    expect(next(context, plan.back.targets.get('web')!, false).join('\n')).toMatch(told);
  });

  test('the plan tells when more than this cluster goes back', async () => {
    const { context, plan } = await seen();
    const shared = { ...context, cluster: { ...context.cluster, ownsDatabase: false } };
    expect(planned(shared, plan).join('\n')).toContain('THE WHOLE INSTANCE db GOES BACK');
    const own = { ...context, cluster: { ...context.cluster, ownsDatabase: true } };
    expect(planned(own, plan).join('\n')).not.toContain('WHOLE INSTANCE');
  });

  test('what has become another cluster since is not taken back by it', async () => {
    const { plan } = await seen();
    expect(() => checkSame(plan, plan)).not.toThrow();
    // A few nodes more or less is what scaling does.
    checkSame(plan, (await seen({ count: 3 })).plan);
    await expect(seen({ max: 8 }).then((now) => checkSame(plan, now.plan))).rejects.toThrow(
      'Nothing was changed. Run this again.\n  bounds of web: 0–4 → 0–8',
    );
    await expect(seen({ revision: 7 }).then((now) => checkSame(plan, now.plan))).rejects.toThrow(/revision of web/);
  });
});
