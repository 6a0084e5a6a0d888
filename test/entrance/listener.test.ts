import { App, CfnParameter, Fn, NestedStack, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, NocoBaseCluster } from '../../lib';
import { environment, only, synthesize } from '../cluster-fixture';
import {
  behind,
  bind,
  EGRESS,
  INGRESS,
  importedListener,
  LISTENER_ARN,
  newPlatform,
  Platform,
  RULE,
  synthesizeEntrance,
  TARGET_GROUP,
  waitsFor,
} from './entrance-fixture';

const { hostHeaders, pathPatterns, sourceIps } = elbv2.ListenerCondition;
const HTTP = elbv2.ApplicationProtocol.HTTP;

describe('the rule', () => {
  test('has the priority given, and passes on what is for the name', () => {
    const platform = newPlatform();
    const { template, binding } = synthesizeEntrance(behind(platform.listen()), platform);
    const group = only(template, TARGET_GROUP);
    expect(only(template, RULE).properties).toMatchObject({
      Priority: 10,
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['nocobase.example.com'] } }],
      Actions: [{ Type: 'forward', TargetGroupArn: { Ref: group.id } }],
    });
    expect(group.properties.HealthCheckPath).toBe('/api/__health_check');
    expect(binding.url).toBe('https://nocobase.example.com/');
    expect(binding.loadBalancer).toBeUndefined();
    expect(binding.listenerRule).toBeDefined();
  });

  test('under a public path takes what lies there, however it is typed, and leaves the rest to others', () => {
    const platform = newPlatform();
    const { template, binding } = synthesizeEntrance(behind(platform.listen()), {
      vpc: platform.vpc,
      publicPath: '/nocobase/',
    });
    expect(only(template, RULE).properties.Conditions).toEqual([
      { Field: 'host-header', HostHeaderConfig: { Values: ['nocobase.example.com'] } },
      { Field: 'path-pattern', PathPatternConfig: { Values: ['/nocobase', '/nocobase/*'] } },
    ]);
    expect(only(template, TARGET_GROUP).properties.HealthCheckPath).toBe('/nocobase/api/__health_check');
    expect(binding.url).toBe('https://nocobase.example.com/nocobase/');
  });

  test('has the conditions given, and no others', () => {
    const platform = newPlatform();
    const conditions = [hostHeaders(['a.example.com', 'b.example.com']), sourceIps(['203.0.113.0/24'])];
    const { template } = synthesizeEntrance(behind(platform.listen(), { conditions }), platform);
    expect(only(template, RULE).properties.Conditions).toEqual([
      { Field: 'host-header', HostHeaderConfig: { Values: ['a.example.com', 'b.example.com'] } },
      { Field: 'source-ip', SourceIpConfig: { Values: ['203.0.113.0/24'] } },
    ]);
  });

  test('takes tokens for all of it', () => {
    const platform = newPlatform();
    const { template } = synthesizeEntrance(
      (stack) => {
        const text = (id: string) => new CfnParameter(stack, id).valueAsString;
        return behind(importedListener(stack, text('Arn')), {
          domainName: text('Name'),
          priority: new CfnParameter(stack, 'Priority', { type: 'Number' }).valueAsNumber,
          conditions: [hostHeaders(Fn.split(',', text('Hosts'))), pathPatterns([text('Path')])],
          forwardedProto: text('Protocol'),
        });
      },
      { vpc: platform.vpc, publicPath: Token.asString({ Ref: 'PublicPath' }) },
    );
    expect(only(template, RULE).properties).toMatchObject({
      ListenerArn: { Ref: 'Arn' },
      Priority: { Ref: 'Priority' },
    });
  });
});

describe('load balancer and nodes reach each other by rules that are written where the nodes are', () => {
  const between = (template: Template) =>
    [INGRESS, EGRESS].map((type) =>
      Object.values(template.findResources(type)).filter(({ Properties }) => Properties.FromPort === 13000),
    );

  test('a listener of another stack', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    const { stack, template } = synthesizeEntrance(behind(listener), platform);
    const [ingress, egress] = between(template);
    expect([ingress.length, egress.length]).toEqual([1, 1]);
    expect(egress[0].Properties.GroupId).toEqual({ 'Fn::ImportValue': expect.stringContaining('AlbSecurityGroup') });
    const owner = Template.fromStack(platform);
    owner.resourceCountIs(INGRESS, 0);
    owner.resourceCountIs(EGRESS, 0);
    owner.resourceCountIs(RULE, 0);
    expect(stack.dependencies).toEqual([platform]);
    expect(platform.dependencies).toEqual([]);
  });

  test('a listener that is imported where the nodes are, whose load balancer may not connect to everything', () => {
    const platform = newPlatform();
    const { template } = synthesizeEntrance((stack) => behind(importedListener(stack, LISTENER_ARN, false)), platform);
    const [ingress, egress] = between(template);
    expect(ingress).toMatchObject([{ Properties: { SourceSecurityGroupId: 'sg-12345678' } }]);
    expect(egress).toMatchObject([{ Properties: { GroupId: 'sg-12345678' } }]);
    expect(only(template, RULE).properties.ListenerArn).toBe(LISTENER_ARN);
  });

  test('a listener that is imported in another stack, from which the network is', () => {
    const platform = newPlatform();
    const { stack, template } = synthesizeEntrance(behind(importedListener(platform, LISTENER_ARN, false)), platform);
    const [ingress, egress] = between(template);
    expect([ingress.length, egress.length]).toEqual([1, 1]);
    expect(stack.dependencies).toEqual([platform]);
    expect(platform.dependencies).toEqual([]);
  });

  test('a listener that is imported with a security group of another stack', () => {
    const platform = newPlatform();
    const [securityGroup] = platform.alb.connections.securityGroups;
    const { template } = synthesizeEntrance(
      (stack) =>
        behind(
          elbv2.ApplicationListener.fromApplicationListenerAttributes(stack, 'Listener', {
            listenerArn: LISTENER_ARN,
            securityGroup,
          }),
        ),
      platform,
    );
    expect(between(template).map(({ length }) => length)).toEqual([1, 1]);
    expect(platform.dependencies).toEqual([]);
  });

  test('a listener of the same stack', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    const licenseKey = secretsmanager.Secret.fromSecretNameV2(platform, 'License', 'license');
    new NocoBaseCluster(platform, 'NocoBase', {
      plugins: ClusterPlugins.licensed(licenseKey),
      vpc: platform.vpc,
      entrance: behind(listener),
    });
    const template = Template.fromStack(platform);
    expect(between(template).map(({ length }) => length)).toEqual([1, 1]);
    expect(waitsFor(template, 'AWS::ECS::Service')).toContain(only(template, RULE).id);
  });
});

test('a cluster may be in a stack that is nested in that of the listener', () => {
  const platform = newPlatform();
  const listener = platform.listen();
  const nested = new NestedStack(platform, 'Nested');
  const licenseKey = secretsmanager.Secret.fromSecretNameV2(nested, 'License', 'license');
  new NocoBaseCluster(nested, 'NocoBase', {
    plugins: ClusterPlugins.licensed(licenseKey),
    vpc: platform.vpc,
    entrance: behind(listener),
  });
  Template.fromStack(nested).resourceCountIs(RULE, 1);
  Template.fromStack(platform).resourceCountIs(EGRESS, 0);
});

test('nodes start when the rule is there, and the way from the load balancer to them', () => {
  const platform = newPlatform();
  const { template } = synthesizeEntrance((stack) => behind(importedListener(stack, LISTENER_ARN, false)), platform);
  expect(waitsFor(template, 'AWS::ECS::Service')).toEqual(
    expect.arrayContaining([only(template, RULE).id, only(template, EGRESS).id]),
  );
});

describe('another listener has another target group, which belongs to one load balancer at a time', () => {
  const groupOf = (listener: (platform: Platform) => elbv2.IApplicationListener, priority = 10) => {
    const platform = newPlatform();
    return only(synthesizeEntrance(behind(listener(platform), { priority }), platform).template, TARGET_GROUP).id;
  };
  const given = groupOf((platform) => platform.listen());

  test('one that is made', () => {
    expect(groupOf((platform) => platform.listen(8443))).not.toBe(given);
  });

  test('one that is imported by the same name', () => {
    const ids = ['2', '3'].map((end) =>
      groupOf((platform) => importedListener(platform, LISTENER_ARN.replace(/2$/, end))),
    );
    expect(new Set([given, ...ids]).size).toBe(3);
  });

  test('one of the same name in another stack', () => {
    const platform = new Platform(new App(), 'Green');
    expect(only(synthesizeEntrance(behind(platform.listen()), platform).template, TARGET_GROUP).id).not.toBe(given);
  });

  test('another priority changes nothing about it', () => {
    expect(groupOf((platform) => platform.listen(), 20)).toBe(given);
  });
});

describe('where users come from', () => {
  const http = Match.stringLikeRegexp('The listener speaks plain HTTP: passwords travel in clear text.*forwardedProto');

  test.each([
    ['443', {}, 'https://nocobase.example.com/'],
    ['8443', {}, 'https://nocobase.example.com:8443/'],
    ['8443', { forwardedProto: 'https' }, 'https://nocobase.example.com/'],
  ])('HTTPS on port %s with %j: %s', (port, options, url) => {
    const platform = newPlatform();
    const { binding, stack } = synthesizeEntrance(behind(platform.listen(Number(port)), options), platform);
    expect(binding.url).toBe(url);
    Annotations.fromStack(stack).hasNoWarning('*', http);
  });

  test.each([
    [80, 'http://nocobase.example.com/'],
    [8080, 'http://nocobase.example.com:8080/'],
  ])('plain HTTP on port %s warns, because nobody says that TLS ends elsewhere', (port, url) => {
    const platform = newPlatform();
    const { binding, stack } = synthesizeEntrance(behind(platform.listen(port, HTTP)), platform);
    expect(binding.url).toBe(url);
    Annotations.fromStack(stack).hasWarning('*', http);
  });

  test('an imported listener speaks HTTPS, unless its port is that of HTTP', () => {
    const url = (defaultPort?: number) => {
      const platform = newPlatform();
      const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(platform, 'Group', 'sg-12345678');
      const attributes = { listenerArn: LISTENER_ARN, securityGroup, defaultPort };
      const listener = elbv2.ApplicationListener.fromApplicationListenerAttributes(platform, 'Listener', attributes);
      return bind(behind(listener), platform).binding.url;
    };
    expect([undefined, 443, 8443, 80].map(url)).toEqual([
      'https://nocobase.example.com/',
      'https://nocobase.example.com/',
      'https://nocobase.example.com:8443/',
      'http://nocobase.example.com/',
    ]);
  });

  test('a listener made by hand is looked at as well', () => {
    const platform = newPlatform();
    const cfn = new elbv2.CfnListener(platform, 'ByHand', {
      loadBalancerArn: platform.alb.loadBalancerArn,
      protocol: 'HTTP',
      port: 8080,
      defaultActions: [{ type: 'fixed-response', fixedResponseConfig: { statusCode: '404' } }],
    });
    const { stack } = synthesizeEntrance(behind(importedListener(platform, cfn.ref)), platform);
    Annotations.fromStack(stack).hasWarning('*', http);
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('Platform/Alb/Resource ends connections.*60 s'),
    );
  });

  test('TLS that ends before the load balancer is said to the nodes', () => {
    const platform = newPlatform();
    const entrance = behind(platform.listen(80, HTTP), { forwardedProto: 'https' });
    const { stack, binding } = synthesizeEntrance(entrance, platform);
    expect(binding).toMatchObject({ forwardedProto: 'https', url: 'https://nocobase.example.com/' });
    Annotations.fromStack(stack).hasNoWarning('*', http);

    const vpc = ec2.Vpc.fromVpcAttributes(new Stack(), 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['a', 'b'],
      privateSubnetIds: ['s-1', 's-2'],
    });
    const given = behind(importedListener(new Stack()), { forwardedProto: 'https' });
    expect(environment(synthesize({ vpc, entrance: given }).template).LAUNCHER_FORWARDED_PROTO).toBe('https');
  });
});
