import { changedSince, revisionBefore } from '../../../bin/operations/revisions';
import { fakeAws } from './fake-aws';

interface Made {
  readonly generation?: string;
  readonly from: number;
  /** When it was deregistered. */
  readonly until?: number;
  readonly isCopy?: boolean;
}

/** Revision 1, 2, … of a family `web`. */
function world(made: readonly Made[]) {
  const arn = (index: number) => `arn:aws:ecs:eu-central-1:111122223333:task-definition/web:${index + 1}`;
  const { aws } = fakeAws({
    ListTaskDefinitions: ({ status }) => ({
      taskDefinitionArns: [
        ...made.flatMap(({ until }, index) => ((until === undefined) === (status === 'ACTIVE') ? [arn(index)] : [])),
        // What begins with the name of the family is found as well.
        'arn:aws:ecs:eu-central-1:111122223333:task-definition/web2:99',
      ],
    }),
    DescribeTaskDefinition: ({ taskDefinition }) => {
      const revision = Number(taskDefinition.split(':').at(-1));
      const { generation: value, from, until } = made[revision - 1]!;
      return {
        taskDefinition: {
          taskDefinitionArn: taskDefinition,
          family: 'web',
          revision,
          status: until === undefined ? 'ACTIVE' : 'INACTIVE',
          registeredAt: new Date(from),
          deregisteredAt: until === undefined ? undefined : new Date(until),
          containerDefinitions: [{ image: 'i', environment: value ? [{ name: 'LAUNCHER_GENERATION', value }] : [] }],
        },
        tags: made[revision - 1]!.isCopy ? [{ key: 'cdk-nocobase:copy-of', value: 'arn' }] : [],
      };
    },
  });
  return aws;
}

async function before(made: readonly Made[], generation: string, at: number, line: object = {}) {
  return (await revisionBefore(world(made), 'web', { generation, at: new Date(at), ...line }))?.revision;
}

test('it is the newest of another version', async () => {
  expect(
    await before(
      [
        { generation: 'A', from: 1 },
        { generation: 'A', from: 2 },
        { generation: 'B', from: 3 },
      ],
      'B',
      5,
    ),
  ).toBe(2);
});

test('also when the deployment that replaced it has deregistered it since', async () => {
  expect(
    await before(
      [
        { generation: 'A', from: 1, until: 9 },
        { generation: 'B', from: 3 },
      ],
      'B',
      5,
    ),
  ).toBe(1);
});

test('not what a failed deployment had made and taken back before', async () => {
  const made = [
    { generation: 'A', from: 1 },
    { generation: 'C', from: 2, until: 3 },
    { generation: 'B', from: 4 },
  ];
  expect(await before(made, 'B', 5)).toBe(1);
});

test('not what came later', async () => {
  const made = [
    { generation: 'A', from: 1, until: 6 },
    { generation: 'B', from: 4 },
    { generation: 'C', from: 8 },
  ];
  expect(await before(made, 'B', 5)).toBe(1);
});

test('a version that was there before, left and came back is not its own predecessor', async () => {
  const made = [
    { generation: 'B', from: 1, until: 2 },
    { generation: 'A', from: 2 },
    { generation: 'B', from: 4 },
  ];
  expect(await before(made, 'B', 5)).toBe(2);
});

test('nor is a task definition that is not of this library', async () => {
  expect(await before([{ from: 1 }, { generation: 'B', from: 3 }], 'B', 5)).toBeUndefined();
});

test('where the log says which revision began, one that was made meanwhile is not the one before', async () => {
  const made = [
    { generation: 'A', from: 1 },
    { generation: 'B', from: 2 },
    { generation: 'C', from: 3 },
  ];
  expect(await before(made, 'B', 5)).toBe(3);
  expect(await before(made, 'B', 5, { family: 'web', revision: 2 })).toBe(1);
  // The number is one of another family.
  expect(await before(made, 'B', 5, { family: 'workflows', revision: 2 })).toBe(3);
  // A copy is as old as what it is a copy of.
  const copied = [...made.slice(0, 2), { generation: 'A', from: 3, isCopy: true }];
  expect(await before(copied, 'B', 5, { family: 'web', revision: 2 })).toBe(3);
});

describe('what a family says of a moment', () => {
  const since = (made: readonly Made[]) => changedSince(world(made), 'web', 'B', new Date(5));

  test('nothing, if the version ran before and no other came or went', async () => {
    const made = [
      { generation: 'A', from: 1, until: 3 },
      { generation: 'B', from: 2, until: 6 },
      { generation: 'B', from: 6 },
    ];
    expect(await since(made)).toEqual({ another: false, isYounger: false });
  });

  test.each<[string, Made[], object]>([
    [
      'another came since',
      [
        { generation: 'B', from: 1 },
        { generation: 'C', from: 6, until: 7 },
      ],
      { another: true, isYounger: false },
    ],
    [
      'another went since',
      [
        { generation: 'A', from: 1, until: 6 },
        { generation: 'B', from: 4 },
      ],
      { another: true, isYounger: false },
    ],
    ['it was made since itself', [{ generation: 'B', from: 6 }], { another: false, isYounger: true }],
  ])('%s', async (_, made, expected) => {
    expect(await since(made)).toEqual(expected);
  });
});
