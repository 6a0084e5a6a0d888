import { Duration, Lazy } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatchActions from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as sns from 'aws-cdk-lib/aws-sns';
import { ClusterPlugins, type NocoBaseClusterProps } from '../../lib';
import { newCluster, only, render, synthesize } from '../cluster-fixture';

const STATE_MACHINE = 'AWS::StepFunctions::StateMachine';
const RULE = 'AWS::Events::Rule';
const ALARM = 'AWS::CloudWatch::Alarm';
const CHECK = 'Custom::NocoBasePreflight';

const alarmsOf = (props?: Partial<NocoBaseClusterProps>) =>
  Object.entries(synthesize(props).template.findResources(ALARM)).filter(([id]) => /Maintenance/.test(id));

const alarmActions = (template: Template) =>
  Object.entries(template.findResources(ALARM)).filter(([id]) => /Maintenance/.test(id))[0][1].Properties.AlarmActions;

describe('the rule that says whether maintenance is on', () => {
  const { template } = synthesize();

  test('is disabled in the template, and holds every quarter of an hour while it is enabled', () => {
    const { properties } = only(template, RULE);
    expect(properties).toMatchObject({ State: 'DISABLED', ScheduleExpression: 'rate(15 minutes)' });
    expect(properties.Targets).toMatchObject([
      { Arn: { Ref: only(template, STATE_MACHINE).id }, Input: '{"do":"hold"}' },
    ]);
  });

  test('has a name of 64 characters at the most that no other stack and no other cluster has', () => {
    const name = render(only(template, RULE).properties.Name);
    const guid = 'select(2, split(/, <AWS::StackId>))';
    expect(name).toContain(guid);
    expect(name.replace(guid, '0'.repeat(36)).length).toBeLessThanOrEqual(64);
  });

  test('may start the state machine, and nothing else may be done by its role', () => {
    const [role] = Object.entries(template.findResources('AWS::IAM::Role')).filter(([id]) => /HoldRole/.test(id));
    expect(role[1].Properties.Policies).toHaveLength(1);
    const [{ Action, Effect, Resource }, ...more] = role[1].Properties.Policies[0].PolicyDocument.Statement;
    expect(more).toEqual([]);
    expect([Action, Effect]).toEqual(['states:StartExecution', 'Allow']);
    const name = render(only(template, STATE_MACHINE).properties.StateMachineName);
    expect(render(Resource)).toBe(`arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:${name}`);
  });
});

describe('a deployment', () => {
  const { template } = synthesize();
  const check = only(template, CHECK);

  test.each([
    'AWS::ECS::Service',
    'AWS::ElasticLoadBalancingV2::TargetGroup',
    RULE,
    'AWS::ApplicationAutoScaling::ScalableTarget',
  ])('touches no %s before the preflight check has seen that maintenance is off', (type) => {
    expect([only(template, type).resource.DependsOn].flat()).toContain(check.id);
  });

  test('is checked by the name of the rule, which the check does not wait for', () => {
    expect(check.properties.MaintenanceRule).toEqual(only(template, RULE).properties.Name);
    expect(JSON.stringify(check.resource)).not.toContain(only(template, RULE).id);
  });

  test.each<[string, Partial<NocoBaseClusterProps>]>([
    ['nodes', { environment: { TZ: 'Europe/Berlin' } }],
    ['bounds', { web: { minNodes: 3 } }],
    ['the grace', { upgradeTimeout: Duration.hours(1) }],
    ['percentages', { web: { maximumPercent: 150 } }],
    ['the health check', { publicPath: '/nocobase/' }],
    ['a setting of the service', { enableExecuteCommand: true }],
  ])('that changes %s checks anew', (_, props) => {
    expect(only(synthesize(props).template, CHECK).id).not.toBe(check.id);
  });

  test('that overrides what CDK makes of the service, or tags it, checks anew', () => {
    const idAfter = (change: (service: ecs.CfnService) => void) => {
      const { stack, cluster } = newCluster();
      change(cluster.web.service.node.findChild('Service') as ecs.CfnService);
      return only(Template.fromStack(stack), CHECK).id;
    };
    expect(idAfter(() => {})).toBe(check.id);
    expect(idAfter((service) => service.addPropertyOverride('PlatformVersion', '1.4.0'))).not.toBe(check.id);
    expect(idAfter((service) => service.tags.setTag('commit', 'abcdef'))).not.toBe(check.id);
  });

  test('that changes nothing of that does not', () => {
    expect(only(synthesize({ maintenanceAlarmAfter: Duration.hours(8) }).template, CHECK).id).toBe(check.id);
  });
});

test('the state machine may do what it does to what it does it to', () => {
  const { template } = synthesize();
  const find = (type: string, id: RegExp) =>
    Object.entries(template.findResources(type)).filter(([each]) => id.test(each))[0][1].Properties;
  const statements: any[] = [
    ...find('AWS::IAM::Policy', /MaintenanceChanges/).PolicyDocument.Statement,
    ...find('AWS::IAM::Role', /MaintenanceRole/).Policies[0].PolicyDocument.Statement,
  ];
  const resourceOf = (action: string) => statements.find(({ Action }) => [Action].flat().includes(action)).Resource;
  const service = { Ref: only(template, 'AWS::ECS::Service').id };
  const targetGroup = { Ref: only(template, 'AWS::ElasticLoadBalancingV2::TargetGroup').id };
  expect(resourceOf('ecs:UpdateService')).toEqual(service);
  expect(resourceOf('ecs:DescribeServices')).toEqual(service);
  expect(resourceOf('elasticloadbalancing:ModifyTargetGroup')).toEqual(targetGroup);
  expect(resourceOf('cloudformation:DescribeStacks')).toEqual({ Ref: 'AWS::StackId' });
  expect(render(resourceOf('events:EnableRule'))).toBe(
    `arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/${render(only(template, RULE).properties.Name)}`,
  );
  expect(statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action)).toEqual([
    'elasticloadbalancing:DescribeTargetHealth',
    ...Array(8).fill(expect.stringMatching(/^logs:/)),
  ]);
  expect(JSON.stringify(statements)).not.toMatch(/PassRole|:\*"/);
});

test('the state machine logs everything, and goes before what it changes', () => {
  const { template } = synthesize();
  const { properties, resource } = only(template, STATE_MACHINE);
  const [log] = Object.keys(template.findResources('AWS::Logs::LogGroup')).filter((id) => /Maintenance/.test(id));
  expect(properties.LoggingConfiguration).toMatchObject({
    Level: 'ALL',
    Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: { 'Fn::GetAtt': [log, 'Arn'] } } }],
  });
  expect(resource.DependsOn).toContain(only(template, 'AWS::ApplicationAutoScaling::ScalableTarget').id);
  expect(resource.DeletionPolicy).toBe('Delete');
});

describe('the alarm', () => {
  test('goes off after 4 hours in each of which a hold was counted; silence is good', () => {
    const { template } = synthesize();
    const [filter] = Object.entries(template.findResources('AWS::Logs::MetricFilter'))
      .filter(([id]) => /Maintenance/.test(id))
      .map(([, { Properties: properties }]) => properties);
    const [[, { Properties }]] = alarmsOf();
    expect(filter.FilterPattern).toBe('{ $.type = "PassStateEntered" && $.details.name = "Maintenance is on" }');
    expect(Properties).toMatchObject({
      MetricName: filter.MetricTransformations[0].MetricName,
      Namespace: filter.MetricTransformations[0].MetricNamespace,
      Statistic: 'Sum',
      Period: 3600,
      EvaluationPeriods: 4,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
    expect(Properties).not.toHaveProperty('DatapointsToAlarm');
  });

  test('goes off when one says', () => {
    expect(alarmsOf({ maintenanceAlarmAfter: Duration.minutes(120) })[0][1].Properties.EvaluationPeriods).toBe(2);
  });

  test('takes actions', () => {
    const { stack, cluster } = newCluster();
    const topic = new sns.Topic(stack, 'Topic');
    cluster.operations.maintenance.alarm.addAlarmAction(new cloudwatchActions.SnsAction(topic));
    expect(only(Template.fromStack(stack), 'AWS::SNS::Topic').id).toBe(alarmActions(Template.fromStack(stack))[0].Ref);
  });

  test.each([Duration.minutes(90), Duration.minutes(30), Duration.hours(25), Duration.hours(0)])(
    'refuses %s, and says what it takes',
    (maintenanceAlarmAfter) => {
      expect(() => newCluster({ maintenanceAlarmAfter })).toThrow(
        /cdk-nocobase \[Prod\/NocoBase.*`maintenanceAlarmAfter` must be whole hours between 1 and 24, got: .*leave it out for 4 hours/,
      );
    },
  );

  test('refuses a bare number', () => {
    expect(() => newCluster({ maintenanceAlarmAfter: 7 as any })).toThrow(
      '`maintenanceAlarmAfter` must be a Duration, got: number. It is how long your longest maintenance takes',
    );
  });

  test('refuses a token', () => {
    const maintenanceAlarmAfter = Duration.hours(Lazy.number({ produce: () => 4 }));
    expect(() => newCluster({ maintenanceAlarmAfter })).toThrow(/got: a token/);
  });
});

test('a single node with pending plug-ins has maintenance too', () => {
  const { template } = synthesize({ plugins: ClusterPlugins.pending() });
  const grace = only(template, 'AWS::ECS::Service').properties.HealthCheckGracePeriodSeconds;
  expect(render(only(template, STATE_MACHINE).properties.DefinitionString)).toContain(
    `"minNodes":1,"maxNodes":1,"graceSeconds":${grace},"nodesInMaintenance":1`,
  );
});

test('the ARN of the state machine is an output', () => {
  const { template } = synthesize();
  const outputs = Object.entries(template.findOutputs('*')).filter(([id]) => /MaintenanceStateMachine/.test(id));
  expect(outputs.map(([, { Value }]) => Value)).toEqual([{ Ref: only(template, STATE_MACHINE).id }]);
});
