import { AwsRefusal } from '../../../bin/operations/aws-failure';
import { type Cluster, findCluster } from '../../../bin/operations/cluster';
import { type Answers, fakeAws } from './fake-aws';

const output = (OutputKey: string, OutputValue: string) => ({ OutputKey, OutputValue });
const resource = (LogicalResourceId: string, ResourceType: string, PhysicalResourceId: string) => ({
  LogicalResourceId,
  ResourceType,
  PhysicalResourceId,
  ResourceStatus: 'CREATE_COMPLETE',
});
const service = (id: string, name: string) =>
  resource(id, 'AWS::ECS::Service', `arn:aws:ecs:eu-central-1:111122223333:service/ecs/${name}`);

const ONE = [
  output('NocoBaseUrl1A2B3C4D', 'http://x'),
  output('NocoBaseClusterName1A2B3C4D', 'ecs'),
  output('NocoBaseServiceName1A2B3C4D', 'web'),
  output('NocoBaseLogGroup1A2B3C4D', 'logs'),
  output('NocoBaseDatabaseInstance1A2B3C4D', 'db'),
  output('NocoBaseMaintenanceStateMachine1A2B3C4D', 'arn:machine'),
  output('ExportsOutputRefVpc123', 'vpc-1'),
];
const TWO = [...ONE, output('NocoBase2ClusterName5E6F7A8B', 'ecs2'), output('NocoBase2ServiceName5E6F7A8B', 'web2')];
const RESOURCES = [
  service('NocoBaseWorkflowsService0A0A0A0A', 'workflows'),
  service('NocoBaseWebService0A0A0A0A', 'web'),
  service('NocoBase2WebService0B0B0B0B', 'web2'),
  service('OthersService0C0C0C0C', 'others'),
  // Beside the cluster, by somebody whose ids begin the same.
  service('NocoBaseReportsService0F0F0F0F', 'reports'),
  service('NocoBaseOldService0F0F0F0F', 'deleted'),
  resource('NocoBaseLogs0A0A0A0A', 'AWS::Logs::LogGroup', 'logs'),
  resource('Database0A0A0A0A', 'AWS::RDS::DBInstance', 'db'),
  resource('NocoBaseOperationsMaintenanceHold', 'AWS::Events::Rule', 'hold-in-code'),
  resource('NocoBaseOperationsMaintenanceHold0D0D0D0D', 'AWS::Events::Rule', 'hold'),
  resource('NocoBaseOperationsAlarm0E0E0E0E', 'AWS::CloudWatch::Alarm', 'alarm'),
  resource('NocoBase2OperationsAlarm0E0E0E0E', 'AWS::CloudWatch::Alarm', 'alarm2'),
];

function find(outputs: object[], options: { cluster?: string } = {}, more: Answers = {}): Promise<Cluster> {
  const { aws } = fakeAws({
    DescribeStacks: () => ({ Stacks: [{ StackName: 'Prod', StackStatus: 'UPDATE_COMPLETE', Outputs: outputs }] }),
    ListStackResources: ({ NextToken }) =>
      NextToken
        ? { StackResourceSummaries: RESOURCES.slice(3) }
        : { StackResourceSummaries: RESOURCES.slice(0, 3), NextToken: '2' },
    DescribeServices: ({ services: [name] }) => ({
      services:
        name === 'deleted'
          ? []
          : [{ serviceName: name, status: 'ACTIVE', taskDefinition: `arn:task-definition/${name}:1` }],
    }),
    DescribeTaskDefinition: ({ taskDefinition }) => ({
      taskDefinition: {
        taskDefinitionArn: taskDefinition,
        containerDefinitions: [
          { environment: /reports|others/.test(taskDefinition) ? [] : [{ name: 'LAUNCHER_GENERATION', value: 'A' }] },
        ],
      },
    }),
    ...more,
  });
  return findCluster(aws, { stack: 'Prod', ...options });
}

test('a cluster is what its outputs and the resources below it say', async () => {
  expect(await find(ONE)).toEqual({
    stackName: 'Prod',
    stackStatus: 'UPDATE_COMPLETE',
    prefix: 'NocoBase',
    ecsCluster: 'ecs',
    // The web nodes first; of a stack without a second cluster the longer name is one of its own.
    services: ['web', 'web2', 'workflows'],
    logGroup: 'logs',
    ownsLogGroup: true,
    databaseInstance: 'db',
    ownsDatabase: true,
    maintenanceStateMachine: 'arn:machine',
    holdRule: 'hold',
    alarms: ['alarm', 'alarm2'],
  });
});

test('of two clusters, what belongs to the one with the longer name is not the other one’s', async () => {
  expect(await find(TWO, { cluster: 'NocoBase' })).toMatchObject({ services: ['web', 'workflows'], alarms: ['alarm'] });
  expect(await find(TWO, { cluster: 'NocoBase2' })).toMatchObject({
    services: ['web2'],
    alarms: ['alarm2'],
    databaseInstance: undefined,
    holdRule: undefined,
  });
});

test('a service that runs no nodes is left alone, however its id begins', async () => {
  const { services } = await find(ONE);
  expect(services).not.toContain('reports');
  expect(services).not.toContain('deleted');
});

test('what is of another stack, or of two clusters, is not its own', async () => {
  const elsewhere = ONE.map(({ OutputKey, OutputValue }) =>
    output(OutputKey, OutputValue.replace(/^(logs|db)$/, '$1-x')),
  );
  expect(await find(elsewhere)).toMatchObject({ ownsLogGroup: false, ownsDatabase: false });
  const both = [...TWO, output('NocoBase2LogGroup5E6F7A8B', 'logs'), output('NocoBase2DatabaseInstance5E6F7A8B', 'DB')];
  expect(await find(both, { cluster: 'NocoBase' })).toMatchObject({ ownsLogGroup: false, ownsDatabase: false });
  expect(await find(TWO, { cluster: 'NocoBase' })).toMatchObject({ ownsLogGroup: true, ownsDatabase: true });
});

test('of two clusters one has to be named', async () => {
  await expect(find(TWO)).rejects.toThrow(
    'The stack Prod has several clusters. Which one? Say --cluster NocoBase or --cluster NocoBase2.',
  );
  await expect(find(TWO, { cluster: 'Other' })).rejects.toThrow(
    'no NocoBase cluster Other. It has NocoBase, NocoBase2.',
  );
});

test('a stack without a cluster is not taken for one', async () => {
  await expect(find([output('VpcId', 'vpc-1')])).rejects.toThrow('The stack Prod has no NocoBase cluster');
});

test('a stack that is not there is a sentence', async () => {
  const none = () => {
    throw new AwsRefusal('ValidationError', 'Stack with id Prod does not exist');
  };
  await expect(find([], {}, { DescribeStacks: none })).rejects.toThrow('There is no stack Prod in eu-central-1.');
});

test('the app of this package has outputs with plain names', async () => {
  const plain = ONE.map(({ OutputKey, OutputValue }) =>
    output(OutputKey.replace(/^NocoBase|1A2B3C4D$/g, ''), OutputValue),
  );
  expect(await find(plain)).toMatchObject({ prefix: '', databaseInstance: 'db', holdRule: 'hold', ecsCluster: 'ecs' });
});
