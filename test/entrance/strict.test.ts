process.env.CDK_VALIDATION = 'true';

import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { App, Stack, Validations } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Construct } from 'constructs';
import { Entrance } from '../../lib';
import { Network } from '../../lib/network/network';
import { certificate, NO_NODES } from './entrance-fixture';

const ACL = (region: string, kind: string) => `arn:aws:wafv2:${region}:111122223333:${kind}/webacl/Acl/1`;
const LIMITS = { allowedCidrs: ['0.0.0.0/0'], allowedPrefixLists: ['pl-0123456789abcdef0'] };
const domainName = 'nocobase.example.com';

function alb(scope: Construct) {
  return elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(scope, 'Alb', {
    loadBalancerArn: 'arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/portal/1',
    securityGroupId: 'sg-12345678',
  });
}

const ENTRANCES: [string, (scope: Construct) => Entrance][] = [
  [
    'Internal',
    (scope) =>
      Entrance.certificate(certificate(scope), {
        domainName,
        internetFacing: false,
        webAclArn: ACL('eu-central-1', 'regional'),
        ...LIMITS,
      }),
  ],
  [
    'CloudFront',
    (scope) =>
      Entrance.cloudFront({
        domainName,
        certificate: certificate(scope, 'Certificate', 'us-east-1'),
        webAclArn: ACL('us-east-1', 'global'),
      }),
  ],
  [
    'GivenLoadBalancer',
    (scope) => Entrance.loadBalancer(alb(scope), { domainName, certificate: certificate(scope), ...LIMITS }),
  ],
  [
    'GivenListener',
    (scope) =>
      Entrance.listener(
        elbv2.ApplicationListener.fromApplicationListenerAttributes(scope, 'Listener', {
          listenerArn: 'arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/portal/1/2',
          securityGroup: alb(scope).connections.securityGroups[0],
        }),
        { domainName, priority: 10 },
      ),
  ],
];

test('entrances with all that they let choose pass all validators, strict', () => {
  const app = new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
  const stack = new Stack(app, 'Prod', { env: { region: 'eu-central-1' } });
  const { vpc } = new Network(stack, 'Network', {});
  for (const [id, entrance] of ENTRANCES) {
    const scope = new Construct(stack, id);
    entrance(scope).bind(scope, {
      vpc,
      publicPath: '/nocobase/',
      target: NO_NODES,
    });
  }
  expect(() => app.synth()).not.toThrow();
});
