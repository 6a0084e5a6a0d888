import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { graphOf } from './graph';
import { report } from './report';
import type { Template } from './template';

const at = (place: string) => ({ Metadata: { 'aws:cdk:path': `Stack/${place}/Resource` } });

const TEMPLATE: Template = {
  Resources: {
    Database: { Type: 'AWS::RDS::DBInstance', Properties: { MultiAZ: true }, ...at('Database') },
    Broker: { Type: 'AWS::AmazonMQ::Broker', ...at('Broker') },
    Urls: { Type: 'AWS::SecretsManager::Secret', Properties: { X: { Ref: 'Broker' } }, ...at('Urls') },
    Target: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: { HealthCheckIntervalSeconds: 20, HealthyThresholdCount: 3 },
    },
    Task: {
      Type: 'AWS::ECS::TaskDefinition',
      Properties: { ContainerDefinitions: [{ HealthCheck: { Interval: 15 } }] },
    },
    Service: {
      Type: 'AWS::ECS::Service',
      DependsOn: ['Database', 'Urls'],
      Properties: { LoadBalancers: [{ TargetGroupArn: { Ref: 'Target' } }], TaskDefinition: { Ref: 'Task' } },
      ...at('Service'),
    },
    Nat: { Type: 'AWS::EC2::NatGateway', ...at('Nat') },
  },
};

test('tells the chain, what is beside it, and what the first node does with its time', () => {
  expect(report('small', graphOf({ Stack: TEMPLATE }))).toBe(`\
small: a first deployment takes about 16:45; one thing after the other it would be 26:37.

The longest chain: what it waits on
  from   takes
   0:00   13:00  Stack/Database  AWS::RDS::DBInstance
  13:00    3:45  Stack/Service  AWS::ECS::Service
                  1:00 Fargate and ECS
                  0:45 pull of the image
                  1:00 installation of NocoBase
                  1:00 health checks

What takes a minute or more: # on the longest chain, = beside it, . could be later
  Stack/Nat      |======......................................................| 1:45, ready 15:00 before the end
  Stack/Broker   |=============================.................              | 8:00, ready 4:57 before it is needed
  Stack/Database |###############################################             | 13:00
  Stack/Service  |                                               #############| 3:45
`);
});

test('the command names what there is when it is asked for something else', () => {
  const main = path.join(__dirname, 'main.ts');
  const run = () => execFileSync(process.execPath, ['--require', 'tsx/cjs', main, 'nothing'], { stdio: 'pipe' });
  expect(run).toThrow('There is no nothing to deploy; there are app, minimal, production, existing-app.');
});
