import { revisionBefore } from '../../../bin/operations/revisions';
import { fakeAws } from './fake-aws';

interface Made {
  readonly generation?: string;
  readonly from: number;
  /** When it was deregistered. */
  readonly until?: number;
}

/** Revision 1, 2, … of a family `web`. */
async function before(made: readonly Made[], generation: string, at: number) {
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
      };
    },
  });
  return (await revisionBefore(aws, 'web', { generation, at: new Date(at) }))?.revision;
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
