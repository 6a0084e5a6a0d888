import { DescribeManagedPrefixListsCommand, EC2Client, GetManagedPrefixListEntriesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeRulesCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type App, Stack } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { LocalAws } from './local-aws';

// What an entrance may be told to use although somebody else has made it: load balancers, web ACLs, prefix lists.

let aws: LocalAws;
let ids: { [logicalId: string]: string };
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.bootstrap();
  await aws.deploy(aws.synthesize((app) => entrance(app, {})));
  ids = await aws.physicalIds('Parts');
});
afterAll(() => aws?.stop());

const idOf = (logicalId: RegExp) => Object.entries(ids).find(([id]) => logicalId.test(id))![1];

interface Entrance {
  readonly priority?: number;
  readonly hosts?: string[];
  readonly blocks?: string[];
}

/** Two applications behind one load balancer, with a web ACL, for the users of a prefix list. */
function entrance(app: App, { priority = 20, hosts = ['b.example.com'], blocks = ['203.0.113.0/24'] }: Entrance) {
  const stack = new Stack(app, 'Parts');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
  const alb = new elbv2.ApplicationLoadBalancer(stack, 'Alb', { vpc, internetFacing: true });
  const group = (id: string) =>
    new elbv2.ApplicationTargetGroup(stack, id, { vpc, targetType: elbv2.TargetType.IP, port: 80 });
  const listener = alb.addListener('Http', {
    port: 80,
    open: false,
    defaultAction: elbv2.ListenerAction.fixedResponse(404),
  });
  listener.addAction('A', {
    priority: 10,
    conditions: [elbv2.ListenerCondition.hostHeaders(['a.example.com'])],
    action: elbv2.ListenerAction.forward([group('GroupA')]),
  });
  const rule = listener.addAction('B', {
    priority,
    conditions: [elbv2.ListenerCondition.hostHeaders(hosts)],
    action: elbv2.ListenerAction.forward([group('GroupB')]),
  });

  const users = new ec2.PrefixList(stack, 'Users', {
    maxEntries: 2,
    entries: blocks.map((cidr) => ({ cidr, description: 'an office' })),
  });
  alb.connections.allowFrom(ec2.Peer.prefixList(users.prefixListId), ec2.Port.tcp(80), 'Users');

  const acl = webAcl(stack, 'REGIONAL', [managed('Common', 'AWSManagedRulesCommonRuleSet')]);
  new wafv2.CfnWebACLAssociation(stack, 'Protected', { resourceArn: alb.loadBalancerArn, webAclArn: acl.attrArn });
  return { stack, vpc, alb, listener, rule, acl, group };
}

const metrics = (metricName: string) => ({
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
  metricName,
});

function managed(name: string, ruleGroup: string): wafv2.CfnWebACL.RuleProperty {
  return {
    name,
    priority: 0,
    statement: { managedRuleGroupStatement: { vendorName: 'AWS', name: ruleGroup } },
    overrideAction: { none: {} },
    visibilityConfig: metrics(name),
  };
}

function webAcl(stack: Stack, scope: string, rules: wafv2.CfnWebACL.RuleProperty[] = []) {
  return new wafv2.CfnWebACL(stack, 'Acl', {
    scope,
    defaultAction: { allow: {} },
    visibilityConfig: metrics('Acl'),
    rules,
  });
}

const rules = async () => {
  const client = aws.client(ElasticLoadBalancingV2Client);
  const { Rules } = await client.send(new DescribeRulesCommand({ ListenerArn: idOf(/^AlbHttp[0-9A-F]{8}$/) }));
  return Rules!.filter(({ IsDefault }) => !IsDefault);
};

test('a listener has its rules, each of which belongs to one application', async () => {
  expect(await rules()).toMatchObject([
    {
      Priority: '10',
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['a.example.com'] } }],
      Actions: [{ Type: 'forward', TargetGroupArn: idOf(/^GroupA/) }],
    },
    { Priority: '20', Actions: [{ TargetGroupArn: idOf(/^GroupB/) }] },
  ]);
});

test('a target group that only a rule knows has its load balancer', async () => {
  const { TargetGroups } = await aws
    .client(ElasticLoadBalancingV2Client)
    .send(new DescribeTargetGroupsCommand({ TargetGroupArns: [idOf(/^GroupB/)] }));
  expect(TargetGroups).toMatchObject([{ LoadBalancerArns: [idOf(/^Alb[0-9A-F]{8}$/)] }]);
});

test('a prefix list has its entries', async () => {
  const client = aws.client(EC2Client);
  const PrefixListId = idOf(/^Users/);
  const { Entries } = await client.send(new GetManagedPrefixListEntriesCommand({ PrefixListId }));
  expect(Entries).toEqual([{ Cidr: '203.0.113.0/24', Description: 'an office' }]);
  const { PrefixLists } = await client.send(new DescribeManagedPrefixListsCommand({ PrefixListIds: [PrefixListId] }));
  expect(PrefixLists).toMatchObject([{ AddressFamily: 'IPv4', MaxEntries: 2 }]);
});

test('a web ACL stands before its load balancer', async () => {
  const { WebACL } = await aws.ask('wafv2', 'AWSWAF_20190729.GetWebACLForResource', {
    ResourceArn: idOf(/^Alb[0-9A-F]{8}$/),
  });
  expect(`${WebACL.Name}|${WebACL.Id}|REGIONAL`).toBe(idOf(/^Acl/));
  expect(WebACL.Rules).toMatchObject([{ Name: 'Common', OverrideAction: { None: {} } }]);
});

test('rules and entries change in place', async () => {
  const before = await aws.physicalIds('Parts');
  const hosts = ['b.example.com', 'c.example.com'];
  await aws.deploy(
    aws.synthesize((app) => {
      entrance(app, { priority: 5, hosts, blocks: ['198.51.100.0/24'] }).acl.rules = [];
    }),
  );
  expect(await aws.physicalIds('Parts')).toEqual(before);
  const changed = (await rules()).find(({ Priority }) => Priority === '5');
  expect(changed).toMatchObject({ Conditions: [{ HostHeaderConfig: { Values: hosts } }] });
  const { Entries } = await aws
    .client(EC2Client)
    .send(new GetManagedPrefixListEntriesCommand({ PrefixListId: idOf(/^Users/) }));
  expect(Entries).toMatchObject([{ Cidr: '198.51.100.0/24' }]);
  const [Name, Id, Scope] = idOf(/^Acl/).split('|');
  expect((await aws.ask('wafv2', 'AWSWAF_20190729.GetWebACL', { Name, Id, Scope })).WebACL.Rules).toEqual([]);
});

describe('a deployment fails', () => {
  type Parts = ReturnType<typeof entrance>;

  test.each<[string, Entrance, (parts: Parts) => void, RegExp]>([
    ['for a priority that another rule has', { priority: 10 }, () => {}, /^Priority '10' is currently in use/m],
    [
      'for too many values of the conditions of a rule',
      { hosts: ['1', '2', '3', '4', '5', '6'].map((name) => `${name}.example.com`) },
      () => {},
      /A rule can only have '5' condition values/,
    ],
    [
      'for a target group that another load balancer has',
      {},
      ({ stack, vpc, group }) => {
        const shared = group('Shared');
        for (const id of ['First', 'Second']) {
          const balancer = new elbv2.ApplicationLoadBalancer(stack, id, { vpc });
          balancer.addListener('Http', { port: 80, defaultTargetGroups: [shared] });
        }
      },
      /cannot be associated with more than one load balancer/,
    ],
    [
      'for a second listener on a port',
      {},
      ({ alb }) => {
        const again = alb.addListener('Again', {
          port: 8080,
          defaultAction: elbv2.ListenerAction.fixedResponse(404),
        });
        (again.node.defaultChild as elbv2.CfnListener).port = 80;
      },
      /A listener already exists on this port for this load balancer/,
    ],
    [
      'for more entries than a prefix list holds',
      { blocks: ['203.0.113.0/24', '198.51.100.0/24', '192.0.2.0/24'] },
      () => {},
      /maximum number of entries for the prefix list/,
    ],
    [
      'for a prefix list that is not there',
      {},
      ({ alb }) => alb.connections.allowFrom(ec2.Peer.prefixList('pl-0123456789abcdef0'), ec2.Port.tcp(443)),
      /The prefix list ID 'pl-0123456789abcdef0' does not exist/,
    ],
    [
      'for a web ACL of CloudFront outside of us-east-1',
      {},
      ({ acl }) => {
        acl.scope = 'CLOUDFRONT';
      },
      /The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT/,
    ],
    [
      'for a web ACL that is to protect a target group',
      {},
      ({ stack, acl, group }) =>
        void new wafv2.CfnWebACLAssociation(stack, 'Wrong', {
          resourceArn: group('Alone').targetGroupArn,
          webAclArn: acl.attrArn,
        }),
      /The ARN isn't valid.* field: RESOURCE_ARN/,
    ],
    [
      'for a rule of a web ACL that says what a managed group of rules does',
      {},
      ({ acl }) => {
        acl.rules = [{ ...managed('Common', 'AWSManagedRulesCommonRuleSet'), overrideAction: undefined, action: {} }];
      },
      /A reference in your rule statement is not valid., field: RULE, parameter: Statement/,
    ],
  ])('%s', async (_, given, breakIt, message) => {
    const { status, why } = await aws.tryCreate((app) => breakIt(entrance(app, given)));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});

describe('a distribution of CloudFront', () => {
  const distribution = (stack: Stack, webAclId: string) =>
    void new cloudfront.Distribution(stack, 'Distribution', {
      defaultBehavior: { origin: new origins.HttpOrigin('app.example.com') },
      webAclId,
    });

  test('has a web ACL of us-east-1', async () => {
    const built = await aws.tryCreate((app) => {
      const stack = new Stack(app, 'Protected', { env: { region: 'us-east-1' } });
      distribution(stack, webAcl(stack, 'CLOUDFRONT').attrArn);
    }, 'us-east-1');
    expect(built).toMatchObject({ status: 'CREATE_COMPLETE', why: '' });
  });

  test('is refused with one that is not there', async () => {
    const { why } = await aws.tryCreate((app) => {
      const missing = 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/Missing/00000000-0000-0000-0000-000000000000';
      distribution(new Stack(app, 'Unprotected'), missing);
    });
    expect(why).toMatch(/Web ACL is not accessible by the requester/);
  });
});
