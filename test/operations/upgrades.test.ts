import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { ClusterPlugins, NocoBaseCluster } from '../../lib';
import { newCluster, render, synthesize } from '../cluster-fixture';

const SCRIPTS = path.join(__dirname, '..', '..', 'lib', 'launcher', 'scripts');
const script = (name: string) => readFileSync(path.join(SCRIPTS, name), 'utf8');

const filters = (template = synthesize().template) =>
  Object.entries(template.findResources('AWS::Logs::MetricFilter')).filter(([id]) => id.includes('Upgrades'));

test('the alarm counts what superseded nodes say, every half a minute', () => {
  const { template, cluster } = synthesize();
  const [[, superseded]] = filters().filter(([, { Properties }]) => /superseded/.test(Properties.FilterPattern));
  const { MetricName, MetricNamespace, MetricValue } = superseded.Properties.MetricTransformations[0];
  expect(MetricValue).toBe('1');
  expect(render(superseded.Properties.LogGroupName)).toContain('NocoBaseLogs');
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName,
    Namespace: MetricNamespace,
    Statistic: 'Sum',
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: Match.absent(),
    AlarmDescription: Match.stringLikeRegexp('Deploy a version that works, or restore'),
  });
  expect(cluster.operations.upgrades.alarm.node.path).toBe('Prod/NocoBase/Operations/Upgrades/SupersededAlarm');
});

test('one metric filter for the alarm, one for the restore points, each on words that the launcher says', () => {
  const patterns = filters().map(([, { Properties }]) => Properties.FilterPattern);
  expect(patterns.sort()).toEqual(['"[launcher]" "Restore point:"', '"[launcher]" "is superseded:"']);
  expect(script('log.js')).toContain('`[launcher] ${');
  expect(script('decide.js')).toContain('`is superseded: ');
  expect(script('gate.js')).toContain('Restore point: ${restorePoint}');
});

test('upgrades that begin are a metric, with what the caller changes about it', () => {
  const { cluster, stack, template } = synthesize();
  const { upgrades } = cluster.operations;
  const metric = upgrades.metricBegun();
  const [[, begun]] = filters(template).filter(([, { Properties }]) => /Restore point/.test(Properties.FilterPattern));
  const [{ MetricName, MetricNamespace }] = begun.Properties.MetricTransformations;
  expect([metric.namespace, stack.resolve(metric.metricName), metric.statistic]).toEqual([
    MetricNamespace,
    MetricName,
    'Sum',
  ]);
  expect(upgrades.metricBegun({ statistic: 'Maximum' })).toMatchObject({
    metricName: metric.metricName,
    statistic: 'Maximum',
  });
});

test('clusters of one stack have metrics of their own', () => {
  const { stack } = newCluster();
  const vpc = new ec2.Vpc(stack, 'Vpc');
  new NocoBaseCluster(stack, 'Other', { vpc, plugins: ClusterPlugins.pending() });
  const names = filters(Template.fromStack(stack)).map(([, { Properties }]) =>
    render(Properties.MetricTransformations[0].MetricName),
  );
  expect(new Set(names).size).toBe(4);
});

test('a given log group is the one that is read', () => {
  const logGroup = logs.LogGroup.fromLogGroupName(new Stack(), 'Given', 'given');
  const { template } = synthesize({ logGroup });
  expect(filters(template).map(([, { Properties }]) => Properties.LogGroupName)).toEqual(['given', 'given']);
});
