import { App, Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Entrance } from '../../lib';
import { only } from '../cluster-fixture';
import {
  bind,
  certificate,
  DISTRIBUTION,
  importedListener,
  LISTENER,
  LOAD_BALANCER,
  newPlatform,
  openTo,
  RULE,
  synthesizeEntrance,
  zone,
} from './entrance-fixture';

/** Nothing of these is the object's own. */
function got<T extends object>(options: T): T {
  class Options {
    readonly #options = options;
    protected option(name: string) {
      return this.#options[name as keyof T];
    }
  }
  for (const name of Object.keys(options)) {
    Object.defineProperty(Options.prototype, name, {
      get() {
        return this.option(name);
      },
    });
  }
  class Ours extends Options {}
  return new Ours() as object as T;
}

const domainName = 'nocobase.example.com';
const webAclArn = 'arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/Acl/1';
const env = { account: '111122223333', region: 'eu-central-1' };

describe.each<[string, <T extends object>(options: T) => T]>([
  ['getters of a class', got],
  ['another object', (options) => Object.create(options)],
])('options that an object has by %s are taken', (_, inherited) => {
  const made = (entrance: (stack: Stack) => Entrance): Template =>
    synthesizeEntrance(entrance, { ...newPlatform({ env }), stackProps: { env } }).template;
  const attributes = (template: Template) =>
    JSON.stringify(only(template, LOAD_BALANCER).properties.LoadBalancerAttributes);

  test('by Entrance.http', () => {
    const template = made((stack) =>
      Entrance.http(
        inherited({
          allowedCidrs: ['203.0.113.7/32'],
          internetFacing: false,
          deletionProtection: true,
          accessLogs: s3.Bucket.fromBucketName(stack, 'Logs', 'logs'),
          webAclArn,
        }),
      ),
    );
    expect(openTo(template)).toEqual(['203.0.113.7/32:80']);
    expect(only(template, LOAD_BALANCER).properties.Scheme).toBe('internal');
    expect(attributes(template)).toMatch(/deletion_protection.enabled.*true/);
    expect(attributes(template)).toMatch(/access_logs.s3.enabled.*true/);
    template.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1);
  });

  test('by Entrance.domain and Entrance.certificate', () => {
    const clients = { allowedCidrs: ['203.0.113.7/32'], deletionProtection: true };
    for (const template of [
      made((stack) => Entrance.domain(inherited({ ...clients, domainName, hostedZone: zone(stack) }))),
      made((stack) => Entrance.certificate(certificate(stack), inherited({ ...clients, domainName }))),
    ]) {
      expect(openTo(template)).toEqual(['203.0.113.7/32:80', '203.0.113.7/32:443']);
      expect(attributes(template)).toMatch(/deletion_protection.enabled.*true/);
    }
  });

  test('by Entrance.cloudFront', () => {
    const template = made((stack) => {
      const options = { domainName, certificate: certificate(stack, 'Certificate', 'us-east-1') };
      return Entrance.cloudFront(inherited({ ...options, deletionProtection: true }));
    });
    expect(only(template, DISTRIBUTION).properties.DistributionConfig.Aliases).toEqual([domainName]);
    expect(attributes(template)).toMatch(/deletion_protection.enabled.*true/);
  });

  test('by Entrance.listener', () => {
    const conditions = [elbv2.ListenerCondition.hostHeaders(['*.example.com'])];
    const template = made((stack) =>
      Entrance.listener(importedListener(stack), inherited({ domainName, priority: 7, conditions })),
    );
    expect(only(template, RULE).properties).toMatchObject({
      Priority: 7,
      Conditions: [{ HostHeaderConfig: { Values: ['*.example.com'] } }],
    });
  });

  test('by Entrance.loadBalancer', () => {
    const platform = newPlatform();
    const options = { domainName, certificate: certificate(platform), port: 8443 };
    const { template } = synthesizeEntrance(Entrance.loadBalancer(platform.alb, inherited(options)), platform);
    expect(only(template, LISTENER).properties.Port).toBe(8443);
  });
});

test.each<[string, (nothing: never) => Entrance, string]>([
  ['domain', (nothing) => Entrance.domain(nothing), 'entrance.domainName'],
  ['certificate', (nothing) => Entrance.certificate(certificate(new Stack(new App())), nothing), 'entrance.domainName'],
  ['listener', (nothing) => Entrance.listener(importedListener(new Stack()), nothing), 'entrance.priority'],
  ['loadBalancer', (nothing) => Entrance.loadBalancer(newPlatform().alb, nothing), 'entrance.domainName'],
])('no options at all are refused by Entrance.%s by what is missing', (_, entrance, prop) => {
  for (const nothing of [undefined, null]) {
    expect(() => bind(entrance(nothing as never), newPlatform())).toThrow(`\`${prop}\` is missing`);
  }
});
