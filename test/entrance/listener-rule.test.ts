import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ListenerEntranceOptions } from '../../lib';
import { synthesize } from '../cluster-fixture';
import {
  behind,
  bind,
  complaints,
  importedListener,
  newPlatform,
  Platform,
  synthesizeEntrance,
} from './entrance-fixture';

const { hostHeaders, pathPatterns, sourceIps, httpHeader } = elbv2.ListenerCondition;

describe('paths that do not reach NocoBase are warned of', () => {
  const warned = (publicPath: string, patterns: string[]) => {
    const platform = newPlatform();
    const entrance = behind(platform.listen(), { conditions: [pathPatterns(patterns)] });
    const { stack } = synthesizeEntrance(entrance, { vpc: platform.vpc, publicPath });
    return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('do not reach NocoBase')).length > 0;
  };

  test.each([
    ['/', ['/nocobase/*']],
    ['/nocobase/', ['/nocobase/api/*']],
    ['/nocobase/', ['/nocobase']],
    ['/n.b/', ['/nxb/*']],
  ])('%s behind %j', (publicPath, patterns) => {
    expect(warned(publicPath, patterns)).toBe(true);
  });

  test.each([
    ['/', ['*']],
    ['/', ['/*']],
    ['/nocobase/', ['/nocobase*']],
    ['/nocobase/', ['/x', '/?ocobase/*']],
    ['/nocobase/', ['/nocobase/', '/nocobase/api/*', '/nocobase/ws']],
  ])('%s behind %j is fine', (publicPath, patterns) => {
    expect(warned(publicPath, patterns)).toBe(false);
  });
});

describe('is refused', () => {
  test.each([0, -1, 1.5, 50001, Number.NaN])('a priority of %s', (priority) => {
    const platform = newPlatform();
    expect(() => bind(behind(platform.listen(), { priority }), platform)).toThrow(
      `\`entrance.priority\` must be a whole number between 1 and 50000, got: ${priority}. The rule with the lowest`,
    );
  });

  test('a priority that another rule of the listener has, also one that is made later', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    const { stack } = bind(behind(listener), platform);
    expect(complaints(stack)).toEqual([]);
    const add = (id: string, priority: number, to = listener) =>
      to.addAction(id, {
        priority,
        conditions: [hostHeaders(['other.example.com'])],
        action: elbv2.ListenerAction.fixedResponse(204),
      });
    add('Other', 20);
    add('Elsewhere', 10, platform.listen(8443));
    expect(complaints(stack)).toEqual([]);
    add('Same', 10);
    expect(complaints(stack)).toEqual([
      expect.stringMatching(
        /`entrance.priority` 10 belongs to another rule of the listener already: Platform\/Alb\/Port443\/SameRule/,
      ),
    ]);
  });

  test('not one of a listener that is still to be looked up, when all are the same', () => {
    const platform = newPlatform();
    const lookedUp = (id: string) => {
      const stack = new Stack(App.of(platform) as App, id, {
        env: { account: '111122223333', region: 'eu-central-1' },
      });
      const loadBalancerTags = { name: id };
      const listener = elbv2.ApplicationListener.fromLookup(stack, 'Listener', { loadBalancerTags, listenerPort: 443 });
      return { listener, stack };
    };
    lookedUp('Other').listener.addAction('Other', {
      priority: 10,
      conditions: [hostHeaders(['other.example.com'])],
      action: elbv2.ListenerAction.fixedResponse(204),
    });
    const { listener, stack } = lookedUp('Mine');
    bind(behind(listener), { vpc: platform.vpc, stackProps: { env: stack.env } as never });
    expect(
      App.of(platform)!
        .node.findAll()
        .flatMap((each) => each.node.validate()),
    ).toEqual([]);
  });

  test('more than five values', () => {
    const platform = newPlatform();
    const conditions = [hostHeaders(['a.example.com', 'b.example.com', 'c.example.com']), sourceIps(['1', '2', '3'])];
    expect(() => bind(behind(platform.listen(), { conditions }), platform)).toThrow(
      '`entrance.conditions` have 6 values, and a rule takes 5, of all its conditions together.',
    );
  });

  test('two conditions of a type that a rule has once; headers may be several', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    const headers = [httpHeader('X-A', ['1']), httpHeader('X-B', ['1'])];
    expect(() => bind(behind(listener, { conditions: headers }), platform)).not.toThrow();
    const twice = newPlatform();
    const conditions = [hostHeaders(['a.example.com']), hostHeaders(['b.example.com'])];
    expect(() => bind(behind(twice.listen(), { conditions }), twice)).toThrow(
      '`entrance.conditions` have more than one of the type host-header, and a rule takes one.',
    );
  });

  test('a name that is none, and a protocol that is none', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    const tried = (options: Partial<ListenerEntranceOptions>) => () =>
      bind(behind(listener, options), { vpc: new Platform(new App(), 'Platform').vpc });
    expect(tried({ domainName: 'https://nocobase.example.com' })).toThrow('`entrance.domainName`');
    expect(() => bind(behind(listener, { forwardedProto: 'HTTPS' }), platform)).toThrow(
      "`entrance.forwardedProto` must be 'https' or 'http', got: 'HTTPS'.",
    );
  });

  test.each([
    ['arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/portal/1'],
    ['arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/net/portal/1/2'],
    ['portal'],
  ])('%s, which is no listener of an application load balancer', (arn) => {
    expect(() => bind((stack) => behind(importedListener(stack, arn)), newPlatform())).toThrow(
      `\`entrance.listener\` '${arn}' is not the ARN of a listener of an application load balancer.`,
    );
  });

  test('a listener in another region', () => {
    const stackProps = { env: { region: 'us-east-1' } };
    const platform = new Platform(new App(), 'Platform');
    expect(() => bind((stack) => behind(importedListener(stack)), { vpc: platform.vpc, stackProps })).toThrow(
      '`entrance.listener` is in eu-central-1, and has to be in us-east-1.',
    );
  });

  test('a listener of the app in another region', () => {
    const app = new App();
    const listener = new Platform(app, 'Other', { env: { region: 'eu-central-1' } }).listen();
    const stackProps = { env: { region: 'us-east-1' } };
    expect(() => bind(behind(listener), { vpc: new Platform(app, 'Platform', stackProps).vpc, stackProps })).toThrow(
      '`entrance.listener` is in eu-central-1, and has to be in us-east-1.',
    );
  });

  test('a listener of a network load balancer of the app', () => {
    const platform = newPlatform();
    const { vpc } = platform;
    const listener = new elbv2.NetworkLoadBalancer(platform, 'Network', { vpc }).addListener('Tls', {
      port: 443,
      defaultTargetGroups: [new elbv2.NetworkTargetGroup(platform, 'Targets', { vpc, port: 443 })],
    });
    expect(() => bind(behind(listener as never), platform)).toThrow(
      '`entrance.listener` [Platform/Network/Tls] is not a listener of an application load balancer. Give an elbv2.ApplicationListener, made in the app or imported.',
    );
  });

  test('a listener in another network', () => {
    const app = new App();
    const listener = new Platform(app, 'Other').listen();
    const platform = new Platform(app, 'Platform');
    expect(() => bind(behind(listener), platform)).toThrow(
      /`entrance.listener` is in Other\/Vpc, and the nodes in Platform\/Vpc. Give the cluster the network of the load balancer: vpc/,
    );
  });

  test('a listener for a cluster that makes its own network', () => {
    expect(() => synthesize({ entrance: behind(importedListener(new Stack())) })).toThrow(
      '`entrance.listener` is in another network than the nodes, for which the cluster makes a `vpc` of its own. Give',
    );
  });
});
