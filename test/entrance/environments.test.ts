import { App, Aws, Fn, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { Entrance } from '../../lib';
import { bind, certificate, complaints, importedListener, LISTENER_ARN, NO_NODES } from './entrance-fixture';

// An app that deploys the same to several accounts or regions may have one constant for all of them.

const DEV = { account: '111122223333', region: 'eu-central-1' };
const PROD = { account: '444455556666', region: 'eu-central-1' };
const US = { account: '111122223333', region: 'us-east-1' };
const { hostHeaders } = elbv2.ListenerCondition;
const domainName = 'nocobase.example.com';

type Env = typeof DEV;

const network = (scope: Stack) =>
  ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: ['a', 'b'],
    publicSubnetIds: ['subnet-1', 'subnet-2'],
    privateSubnetIds: ['subnet-3', 'subnet-4'],
  });

/** What is said of a cluster in each of two environments. */
function said(envs: Env[], entrance: (stack: Stack, id: string) => Entrance): string[] {
  const app = new App();
  const stacks = envs.map((env, index) => {
    const vpc = network(new Stack(app, `Network${index}`, { env }));
    const id = ['One', 'Two'][index];
    return bind((stack) => entrance(stack, id), { vpc, stackProps: { env }, id }).stack;
  });
  const problems = stacks.flatMap(complaints);
  if (problems.length > 0) return problems;
  const warned = Match.stringLikeRegexp('No request reaches NocoBase');
  return stacks.flatMap((stack) =>
    Annotations.fromStack(stack)
      .findWarning('*', warned)
      .map(({ entry }) => entry.data as string),
  );
}

/** Three ways to collide at a listener, each by the place that one has among its rules. */
const behind = (listenerArn: string): Record<string, (scope: Stack, id: string) => Entrance> => ({
  priority: (scope, id) =>
    Entrance.listener(importedListener(scope, listenerArn), { domainName: `${id.toLowerCase()}.io`, priority: 10 }),
  name: (scope, id) =>
    Entrance.listener(importedListener(scope, listenerArn), { domainName, priority: id === 'One' ? 1 : 2 }),
  order: (scope, id) =>
    Entrance.listener(importedListener(scope, listenerArn), {
      domainName,
      priority: id === 'One' ? 1 : 2,
      conditions: [hostHeaders([id === 'One' ? '*.example.com' : domainName])],
    }),
});

const on = (loadBalancerArn: string) => (scope: Stack) =>
  Entrance.loadBalancer(
    elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(scope, 'Given', {
      loadBalancerArn,
      securityGroupId: 'sg-12345678',
    }),
    { domainName, certificate: certificate(scope, 'Certificate', scope.region) },
  );

const inZone = (hostedZoneId: string) => (scope: Stack) => {
  const attributes = { hostedZoneId, zoneName: 'example.com' };
  return Entrance.domain({
    domainName,
    hostedZone: route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', attributes),
  });
};

const CONSTANTS: [string, (resource: string) => string][] = [
  ['an imported value', () => Fn.importValue('Shared')],
  ['pseudo parameters', (resource) => `arn:aws:elasticloadbalancing:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`],
];

describe.each(CONSTANTS)('a constant with %s', (_, arnOf) => {
  const { priority, name, order } = behind(arnOf('listener/app/portal/1/2'));
  const port = on(arnOf('loadbalancer/app/portal/1'));

  test('is another thing in another account or region', () => {
    for (const entrance of [priority, name, order, port, inZone(arnOf('zone'))]) {
      expect(said([DEV, PROD], entrance)).toEqual([]);
      expect(said([DEV, US], entrance)).toEqual([]);
    }
  });

  test('is one thing in one', () => {
    expect(said([DEV, DEV], priority)).toEqual(
      Array(2).fill(expect.stringContaining('`entrance.priority` 10 belongs')),
    );
    expect(() => said([DEV, DEV], name)).toThrow(`'${domainName}' leads to [One/NocoBase/Entrance] already`);
    expect(said([DEV, DEV], order)).toEqual([expect.stringContaining('the rule One/NocoBase/Entrance/Rule')]);
    expect(said([DEV, DEV], port)).toEqual(Array(2).fill(expect.stringContaining('`entrance.port` 443 belongs')));
    expect(() => said([DEV, DEV], inZone(arnOf('zone')))).toThrow(`'${domainName}' leads to [One/NocoBase/Entrance]`);
  });
});

test('what is imported twice in one account and region is one thing', () => {
  const twice = (scope: Stack, id: string) => behind(Fn.importValue('Shared')).priority(scope, id);
  expect(said([DEV, DEV], twice)).toEqual(Array(2).fill(expect.stringContaining('`entrance.priority` 10 belongs')));
});

test('a pseudo parameter is another thing in another stage, where the account is open', () => {
  const app = new App();
  const { name } = behind(`arn:aws:elasticloadbalancing:eu-central-1:${Aws.ACCOUNT_ID}:listener/app/portal/1/2`);
  for (const id of ['Dev', 'Prod']) {
    const stack = new Stack(new Stage(app, id), 'Nodes');
    const vpc = network(stack);
    expect(() =>
      name(stack, 'One').bind(new Construct(stack, 'NocoBase'), { vpc, publicPath: '/', target: NO_NODES }),
    ).not.toThrow();
  }
});

test('a literal is one thing everywhere: its account and region are in it, and a zone has none', () => {
  const { priority, name, order } = behind(LISTENER_ARN);
  expect(said([DEV, PROD], priority)).toHaveLength(2);
  expect(() => said([DEV, PROD], name)).toThrow('leads to [One/NocoBase/Entrance] already');
  expect(said([DEV, PROD], order)).toHaveLength(1);
  const port = on(LISTENER_ARN.replace('listener/app/portal/1/2', 'loadbalancer/app/portal/1'));
  expect(said([DEV, PROD], port)).toHaveLength(2);
  expect(() => said([DEV, US], inZone('Z0123456789'))).toThrow('leads to [One/NocoBase/Entrance] already');
});
