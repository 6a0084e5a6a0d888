import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Entrance } from '../../lib';
import { bind, INGRESS, LOAD_BALANCER, openTo, RULE, TARGET_GROUP } from './entrance-fixture';

// The CDK finds out what to look up by a synthesis in which nothing is known. One that fails ends the matter.

const env = { account: '111122223333', region: 'eu-central-1' };
const { hostHeaders } = elbv2.ListenerCondition;
const lookedUp = (scope: Stack, name: string) => ssm.StringParameter.valueFromLookup(scope, name);

function network() {
  return ec2.Vpc.fromLookup(new Stack(new App(), 'Network', { env }), 'Vpc', { vpcId: 'vpc-0123456789abcdef0' });
}

const importedCertificate = (scope: Stack) =>
  acm.Certificate.fromCertificateArn(scope, 'Certificate', lookedUp(scope, '/certificate'));

test.each<ec2.SubnetSelection>([{ subnetGroupName: 'Dmz' }, { availabilityZones: ['eu-central-1a', 'eu-central-1b'] }])(
  'subnets of a network that is looked up may be selected by %j',
  (subnets) => {
    for (const internetFacing of [true, false]) {
      const { stack } = bind(Entrance.http({ internetFacing }), { vpc: network(), subnets, stackProps: { env } });
      Template.fromStack(stack).resourceCountIs(LOAD_BALANCER, 1);
    }
  },
);

test.each<[string, (stack: Stack) => Entrance]>([
  [
    'name and certificate',
    (stack) => Entrance.certificate(importedCertificate(stack), { domainName: lookedUp(stack, '/name') }),
  ],
  [
    'name and certificate of CloudFront',
    (stack) => Entrance.cloudFront({ domainName: lookedUp(stack, '/name'), certificate: importedCertificate(stack) }),
  ],
  [
    'name and zone',
    (stack) =>
      Entrance.domain({
        domainName: lookedUp(stack, '/name'),
        hostedZone: route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
          hostedZoneId: lookedUp(stack, '/zone'),
          zoneName: 'example.com',
        }),
      }),
  ],
  [
    'addresses and web ACL',
    (stack) =>
      Entrance.http({
        allowedCidrs: [lookedUp(stack, '/range')],
        allowedPrefixLists: [lookedUp(stack, '/list')],
        webAclArn: lookedUp(stack, '/acl'),
      }),
  ],
])('%s may be looked up in Parameter Store', (_, entrance) => {
  const { stack } = bind(entrance, { vpc: network(), stackProps: { env } });
  Template.fromStack(stack).resourceCountIs(TARGET_GROUP, 1);
});

test('a managed prefix list may be looked up; nobody else is let in meanwhile', () => {
  const { stack } = bind(
    (scope) => {
      const { prefixListId } = ec2.PrefixList.fromLookup(scope, 'Offices', { prefixListName: 'offices' });
      return Entrance.http({ allowedPrefixLists: [prefixListId] });
    },
    { vpc: network(), stackProps: { env } },
  );
  const { missing = [] } = (stack.node.root as App).synth().manifest;
  expect(missing.map(({ props }) => props)).toContainEqual(
    expect.objectContaining({ propertyMatch: { PrefixListName: 'offices' } }),
  );
  const template = Template.fromStack(stack);
  expect(openTo(template)).toEqual([]);
  expect(Object.values(template.findResources(INGRESS)).filter(({ Properties }) => Properties.FromPort === 80)).toEqual(
    [expect.objectContaining({ Properties: expect.objectContaining({ SourcePrefixListId: 'pl-xxxxxxxx' }) })],
  );
});

test('a range that is known by now is written as it is', () => {
  const { stack } = bind(Entrance.http({ allowedCidrs: ['203.0.113.7/32'] }), {
    vpc: network(),
    stackProps: { env },
  });
  expect(JSON.stringify(Template.fromStack(stack).toJSON())).toContain('"CidrIp":"203.0.113.7/32"');
});

const securityGroup = (scope: Stack) => ec2.SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-0123456789abcdef0');

test('a listener and how it is asked may be looked up in Parameter Store', () => {
  const { stack } = bind(
    (scope) =>
      Entrance.listener(
        elbv2.ApplicationListener.fromApplicationListenerAttributes(scope, 'Listener', {
          listenerArn: lookedUp(scope, '/listener'),
          securityGroup: securityGroup(scope),
        }),
        { domainName: lookedUp(scope, '/name'), priority: 1, forwardedProto: lookedUp(scope, '/protocol') },
      ),
    { vpc: network(), stackProps: { env } },
  );
  Template.fromStack(stack).resourceCountIs(RULE, 1);
});

describe('what is looked up stands for one thing each time, although it looks the same', () => {
  const domainName = 'nocobase.example.com';

  test('a listener', () => {
    twice((scope, id) =>
      Entrance.listener(
        elbv2.ApplicationListener.fromLookup(scope, 'Listener', { loadBalancerTags: { id }, listenerPort: 443 }),
        { domainName, priority: 1, conditions: [hostHeaders([domainName])] },
      ),
    );
  });

  test('a hosted zone', () => {
    twice((scope) => {
      const hostedZone = route53.HostedZone.fromLookup(scope, 'Zone', { domainName: 'example.com' });
      return Entrance.domain({ domainName, hostedZone });
    });
  });

  test('a name', () => {
    twice((scope) => {
      const attributes = { hostedZoneId: 'Z0123456789', zoneName: 'example.com' };
      const hostedZone = route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', attributes);
      return Entrance.domain({ domainName: lookedUp(scope, '/name'), hostedZone });
    });
  });

  function twice(entrance: (scope: Stack, id: string) => Entrance) {
    const vpc = network();
    for (const id of ['One', 'Two']) {
      const { binding } = bind((scope) => entrance(scope, id), { vpc, stackProps: { env }, id });
      expect(binding.url).toMatch(/^https?:/);
    }
  }
});
