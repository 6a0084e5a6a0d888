import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Entrance, type LoadBalancerEntranceOptions } from '../../lib';
import { only, synthesize } from '../cluster-fixture';
import {
  bind,
  certificate,
  complaints,
  EGRESS,
  INGRESS,
  LISTENER,
  newPlatform,
  Platform,
  synthesizeEntrance,
  TARGET_GROUP,
  waitsFor,
} from './entrance-fixture';

const ALB_ARN = 'arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/portal/1';

const on = (loadBalancer: elbv2.IApplicationLoadBalancer, options: Partial<LoadBalancerEntranceOptions> = {}) =>
  Entrance.loadBalancer(loadBalancer, {
    domainName: 'nocobase.example.com',
    certificate: certificate(new Stack()),
    ...options,
  });

const imported = (scope: Stack, loadBalancerArn = ALB_ARN) =>
  elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(scope, 'Given', {
    loadBalancerArn,
    securityGroupId: 'sg-12345678',
    securityGroupAllowsAllOutbound: false,
  });

const letIn = (template: Template) =>
  Object.values(template.findResources(INGRESS))
    .map(({ Properties }) => Properties)
    .filter(({ SourceSecurityGroupId }) => SourceSecurityGroupId === undefined);

describe('the listener', () => {
  test('speaks HTTPS with TLS 1.2 and up, and passes everything on', () => {
    const platform = newPlatform();
    const { template, binding } = synthesizeEntrance(on(platform.alb), { vpc: platform.vpc, publicPath: '/nocobase/' });
    const group = only(template, TARGET_GROUP);
    expect(only(template, LISTENER).properties).toMatchObject({
      Port: 443,
      Protocol: 'HTTPS',
      SslPolicy: expect.stringMatching('TLS13-1-2'),
      Certificates: [{ CertificateArn: expect.stringContaining('certificate/1') }],
      DefaultActions: [{ Type: 'forward', TargetGroupArn: { Ref: group.id } }],
    });
    expect(group.properties.HealthCheckPath).toBe('/nocobase/api/__health_check');
    expect(binding.url).toBe('https://nocobase.example.com/nocobase/');
    expect(binding.loadBalancer).toBeUndefined();
    expect(binding.listener).toBeDefined();
  });

  test('has the port given, which users type too', () => {
    const platform = newPlatform();
    const { template, binding } = synthesizeEntrance(on(platform.alb, { port: 8443 }), platform);
    expect(only(template, LISTENER).properties.Port).toBe(8443);
    expect(binding.url).toBe('https://nocobase.example.com:8443/');
  });

  test('is what nodes wait for, and so is the way to them', () => {
    const { template } = synthesizeEntrance((stack) => on(imported(stack)), newPlatform());
    expect(waitsFor(template, 'AWS::ECS::Service')).toEqual(
      expect.arrayContaining([only(template, LISTENER).id, only(template, EGRESS).id]),
    );
  });

  test('is made where the nodes are, with all rules about them', () => {
    const platform = newPlatform();
    const { template, stack } = synthesizeEntrance(on(platform.alb, { allowedCidrs: ['203.0.113.0/24'] }), platform);
    template.resourceCountIs(INGRESS, 2);
    template.resourceCountIs(EGRESS, 1);
    const owner = Template.fromStack(platform);
    owner.resourceCountIs(LISTENER, 0);
    owner.resourceCountIs(INGRESS, 0);
    owner.resourceCountIs(EGRESS, 0);
    expect(stack.dependencies).toEqual([platform]);
    expect(platform.dependencies).toEqual([]);
  });

  test('is made where the nodes are when the load balancer is imported elsewhere', () => {
    const platform = newPlatform();
    const { template } = synthesizeEntrance(on(imported(platform), { allowedCidrs: ['203.0.113.0/24'] }), platform);
    template.resourceCountIs(LISTENER, 1);
    template.resourceCountIs(INGRESS, 2);
    template.resourceCountIs(EGRESS, 1);
    expect(platform.dependencies).toEqual([]);
  });
});

describe('who may connect', () => {
  test('is up to its security groups', () => {
    expect(letIn(synthesizeEntrance((stack) => on(imported(stack)), newPlatform()).template)).toEqual([]);
  });

  test('is who is named, on the port of the listener', () => {
    const clients = { allowedCidrs: ['203.0.113.0/24'], allowedPrefixLists: ['pl-0123456789abcdef0'], port: 8443 };
    const { template } = synthesizeEntrance((stack) => on(imported(stack), clients), newPlatform());
    const rule = { GroupId: 'sg-12345678', FromPort: 8443, ToPort: 8443 };
    expect(letIn(template)).toMatchObject([
      { ...rule, CidrIp: '203.0.113.0/24' },
      { ...rule, SourcePrefixListId: 'pl-0123456789abcdef0' },
    ]);
  });

  test('may be named by what is made beside the nodes: the stack of the load balancer needs nothing of it', () => {
    const platform = newPlatform();
    const { template } = synthesizeEntrance((stack) => {
      const list = new ec2.PrefixList(stack, 'Offices', { maxEntries: 5 });
      const cidr = new CfnParameter(stack, 'Cidr').valueAsString;
      return on(platform.alb, { allowedCidrs: [cidr], allowedPrefixLists: [list.prefixListId] });
    }, platform);
    expect(letIn(template)).toHaveLength(2);
    expect(platform.dependencies).toEqual([]);
  });
});

test('another load balancer has another target group, which belongs to one at a time; another port has not', () => {
  const groupOf = (arn: string, port?: number) =>
    only(synthesizeEntrance((stack) => on(imported(stack, arn), { port }), newPlatform()).template, TARGET_GROUP).id;
  expect(groupOf(ALB_ARN.replace(/1$/, '2'))).not.toBe(groupOf(ALB_ARN));
  expect(groupOf(ALB_ARN, 8443)).toBe(groupOf(ALB_ARN));
});

test('a load balancer of the app that ends silent connections too early is warned of', () => {
  const platform = newPlatform();
  const { stack } = synthesizeEntrance(on(platform.alb), platform);
  Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('Platform/Alb/Resource ends.*silent for 60 s'));
});

describe('is refused', () => {
  test.each([0, 65536, 443.5])('port %s', (port) => {
    const platform = newPlatform();
    expect(() => bind(on(platform.alb, { port }), platform)).toThrow('`entrance.port` must be a whole number');
  });

  test('a port that another listener of the load balancer has', () => {
    const platform = newPlatform();
    const { stack } = bind(on(platform.alb), platform);
    platform.listen(8443);
    expect(complaints(stack)).toEqual([]);
    platform.listen(443);
    expect(complaints(stack)).toEqual([
      expect.stringMatching(
        /`entrance.port` 443 belongs to another listener of the load balancer already: Platform\/Alb\/Port443.*Entrance.listener\(/,
      ),
    ]);
  });

  test('no port of a load balancer that is still to be looked up, when all are the same', () => {
    const app = new App();
    const stack = new Stack(app, 'Portals', { env: { account: '111122223333', region: 'eu-central-1' } });
    const [one, other] = ['One', 'Other'].map((name) =>
      elbv2.ApplicationLoadBalancer.fromLookup(stack, name, { loadBalancerTags: { name } }),
    );
    one.addListener('Theirs', {
      port: 443,
      certificates: [certificate(stack)],
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
    bind(on(other), { vpc: new Platform(app, 'Platform').vpc });
    expect(app.node.findAll().flatMap(({ node }) => node.validate())).toEqual([]);
  });

  test('a certificate of another region', () => {
    const platform = newPlatform();
    const entrance = on(platform.alb, { certificate: certificate(new Stack(), 'Certificate', 'us-east-1') });
    const stackProps = { env: { region: 'eu-central-1' } };
    expect(() => bind(entrance, { vpc: platform.vpc, stackProps })).toThrow(
      '`entrance.certificate` is in us-east-1, and the load balancer that has to present it in eu-central-1.',
    );
  });

  test.each([
    'arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/net/portal/1',
    'arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/portal/1/2',
  ])('%s, which is no application load balancer', (arn) => {
    expect(() => bind((stack) => on(imported(stack, arn)), newPlatform())).toThrow(
      `\`entrance.loadBalancer\` '${arn}' is not the ARN of an application load balancer. It has the words loadbalancer/app in it`,
    );
  });

  test('a network load balancer of the app', () => {
    const platform = newPlatform();
    const network = new elbv2.NetworkLoadBalancer(platform, 'Network', { vpc: platform.vpc });
    expect(() => bind(on(network as never), platform)).toThrow(
      '`entrance.loadBalancer` [Platform/Network] is not an application load balancer. Give an elbv2.ApplicationLoadBalancer',
    );
  });

  test('a load balancer in another region, imported or of the app', () => {
    const stackProps = { env: { region: 'us-east-1' }, crossRegionReferences: true };
    const tried = (platform: Platform, loadBalancer: elbv2.IApplicationLoadBalancer) => () =>
      bind((stack) => on(loadBalancer, { certificate: certificate(stack, 'Certificate', 'us-east-1') }), {
        vpc: platform.vpc,
        stackProps,
      });
    const message =
      '`entrance.loadBalancer` is in eu-central-1, and has to be in us-east-1. Put the cluster into the region of the load balancer.';
    const platform = newPlatform(stackProps);
    expect(tried(platform, imported(platform))).toThrow(message);
    const elsewhere = newPlatform({ ...stackProps, env: { region: 'eu-central-1' } });
    expect(tried(elsewhere, elsewhere.alb)).toThrow(message);
  });

  test('a load balancer in another network', () => {
    const app = new App();
    const { alb } = new Platform(app, 'Other');
    expect(() => bind(on(alb), new Platform(app, 'Platform'))).toThrow(
      '`entrance.loadBalancer` is in Other/Vpc, and the nodes in Platform/Vpc.',
    );
    expect(() => synthesize({ entrance: on(imported(new Stack())) })).toThrow('`entrance.loadBalancer` is in another');
  });

  test('a load balancer whose network is known by another id', () => {
    const network = (id: string, vpcId: string) =>
      ec2.Vpc.fromVpcAttributes(new Stack(new App(), 'Network'), id, {
        vpcId,
        availabilityZones: ['a', 'b'],
        privateSubnetIds: ['s-1', 's-2'],
      });
    const tried = (vpcId: string) => () =>
      bind(
        (stack) =>
          on(
            elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(stack, 'Given', {
              loadBalancerArn: ALB_ARN,
              securityGroupId: 'sg-12345678',
              vpc: network('Theirs', vpcId),
            }),
          ),
        { vpc: network('Ours', 'vpc-0123456789abcdef0') },
      );
    expect(tried('vpc-0123456789abcdef1')).toThrow('`entrance.loadBalancer` is in Network/Theirs, and the nodes in');
    expect(tried('vpc-0123456789abcdef0')).not.toThrow();
    // What a look-up answers before there is an answer.
    expect(tried('vpc-12345')).not.toThrow();
  });
});
