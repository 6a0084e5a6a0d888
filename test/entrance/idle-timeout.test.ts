import { Aws, Fn, Token } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { behind, bind, importedListener, newPlatform, synthesizeEntrance } from './entrance-fixture';

describe('what a load balancer of the app does with silent connections', () => {
  const warned = Match.stringLikeRegexp('idleTimeout');

  test.each([
    [60, 'silent for 60 s.*pings every 300 s.*Set its idleTimeout to Duration.seconds\\(360\\)'],
    [undefined, 'silent for 60 s.*pings every 300 s'],
    [400, 'silent for 400 s. A node ends them after 370 s.*502'],
  ])('%s s are warned of', (seconds, message) => {
    const { platform, listener } = withTimeout(seconds);
    const { stack } = synthesizeEntrance(behind(listener), platform);
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp(message));
  });

  test('360 s are right, also when they are set later', () => {
    const { platform, listener } = withTimeout();
    const { stack } = bind(behind(listener), platform);
    platform.alb.setAttribute('idle_timeout.timeout_seconds', '360');
    Annotations.fromStack(stack).hasNoWarning('*', warned);
  });

  test('of an imported one nothing is known', () => {
    const { stack } = synthesizeEntrance((scope) => behind(importedListener(scope)), newPlatform());
    Annotations.fromStack(stack).hasNoWarning('*', warned);
  });

  describe('is not known', () => {
    const attribute = (value: string) => ({ key: 'idle_timeout.timeout_seconds', value });
    const right = attribute('360');

    test.each<[string, unknown]>([
      ['where a condition decides about its attributes', Fn.conditionIf('C', [right], Aws.NO_VALUE)],
      ['where a condition decides about one of them', [Fn.conditionIf('C', right, attribute('300'))]],
      ['where it is a parameter', [attribute(Token.asString({ Ref: 'Seconds' }))]],
    ])('%s', (_, loadBalancerAttributes) => {
      const platform = newPlatform();
      const alb = platform.alb.node.defaultChild as elbv2.CfnLoadBalancer;
      alb.loadBalancerAttributes = loadBalancerAttributes as typeof alb.loadBalancerAttributes;
      const { stack } = synthesizeEntrance(behind(platform.listen()), platform);
      Annotations.fromStack(stack).hasNoWarning('*', warned);
    });

    test.each(['LoadBalancerAttributes', 'LoadBalancerAttributes.0.Value'])('where %s are overridden', (property) => {
      const platform = newPlatform();
      (platform.alb.node.defaultChild as elbv2.CfnLoadBalancer).addPropertyOverride(property, '360');
      const { stack } = synthesizeEntrance(behind(platform.listen()), platform);
      Annotations.fromStack(stack).hasNoWarning('*', warned);
    });
  });

  test('other overrides say nothing about it', () => {
    const { platform, listener } = withTimeout(60);
    (platform.alb.node.defaultChild as elbv2.CfnLoadBalancer).addPropertyOverride('Name', 'portal');
    const { stack } = synthesizeEntrance(behind(listener), platform);
    Annotations.fromStack(stack).hasWarning('*', warned);
  });

  function withTimeout(seconds?: number) {
    const platform = newPlatform();
    if (seconds !== undefined) {
      platform.alb.setAttribute('idle_timeout.timeout_seconds', `${seconds}`);
    }
    return { platform, listener: platform.listen() };
  }
});
