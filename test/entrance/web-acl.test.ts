import { App, Stack } from 'aws-cdk-lib';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Entrance } from '../../lib';
import { only, synthesize } from '../cluster-fixture';
import { bind, DISTRIBUTION, LOAD_BALANCER, newPlatform, synthesizeEntrance } from './entrance-fixture';

const ASSOCIATION = 'AWS::WAFv2::WebACLAssociation';

describe('a web ACL', () => {
  const arn = (region: string, kind: string) => `arn:aws:wafv2:${region}:111122223333:${kind}/webacl/Acl/1`;
  const REGIONAL = arn('eu-central-1', 'regional');
  const GLOBAL = arn('us-east-1', 'global');
  const at = (region: string) => {
    const stackProps = { env: { region } };
    return { vpc: newPlatform(stackProps).vpc, stackProps };
  };
  const tried =
    (entrance: Entrance, region = 'eu-central-1') =>
    () =>
      bind(entrance, at(region));

  const made = (scope: Stack, aclScope: string) =>
    new wafv2.CfnWebACL(scope, 'Acl', {
      scope: aclScope,
      defaultAction: { allow: {} },
      visibilityConfig: { cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName: 'Acl' },
    });

  test('stands before the load balancer', () => {
    const { template } = synthesizeEntrance(Entrance.http({ webAclArn: REGIONAL }), at('eu-central-1'));
    expect(only(template, ASSOCIATION).properties).toEqual({
      ResourceArn: { Ref: only(template, LOAD_BALANCER).id },
      WebACLArn: REGIONAL,
    });
  });

  test('stands before CloudFront, and not once more before its load balancer', () => {
    const { template } = synthesizeEntrance(Entrance.cloudFront({ webAclArn: GLOBAL }), at('eu-central-1'));
    expect(only(template, DISTRIBUTION).properties.DistributionConfig.WebACLId).toBe(GLOBAL);
    template.resourceCountIs(ASSOCIATION, 0);
  });

  test('is none unless given', () => {
    synthesize({}).template.resourceCountIs(ASSOCIATION, 0);
    const { template } = synthesizeEntrance(Entrance.cloudFront(), newPlatform());
    expect(only(template, DISTRIBUTION).properties.DistributionConfig).not.toHaveProperty('WebACLId');
  });

  test('of the same stack will do', () => {
    const { template } = synthesizeEntrance(
      (stack) => Entrance.http({ webAclArn: made(stack, 'REGIONAL').attrArn }),
      newPlatform(),
    );
    expect(only(template, ASSOCIATION).properties.WebACLArn).toEqual({ 'Fn::GetAtt': ['Acl', 'Arn'] });
  });

  test.each([
    [
      'CLOUDFRONT',
      'a load balancer takes one with the scope REGIONAL',
      (webAclArn: string) => Entrance.http({ webAclArn }),
    ],
    [
      'REGIONAL',
      'CloudFront takes one with the scope CLOUDFRONT',
      (webAclArn: string) => Entrance.cloudFront({ webAclArn }),
    ],
  ])('with the scope %s is refused where %s, by its ARN and as one of the app', (given, message, entrance) => {
    const text = `\`entrance.webAclArn\` is of a web ACL with the scope ${given}, and ${message}.`;
    expect(tried(entrance(given === 'REGIONAL' ? REGIONAL : GLOBAL))).toThrow(text);
    expect(() => bind((stack) => entrance(made(stack, given).attrArn), newPlatform())).toThrow(text);
  });

  test('of another region is refused', () => {
    expect(tried(Entrance.http({ webAclArn: REGIONAL }), 'us-east-1')).toThrow(
      '`entrance.webAclArn` is of a web ACL that is in eu-central-1, and has to be in us-east-1.',
    );
    expect(() => bind(Entrance.http({ webAclArn: REGIONAL }), newPlatform())).not.toThrow();
  });

  describe('of the app', () => {
    const stackIn = (app: App, region: string) =>
      new Stack(app, `Edge-${region}`, { env: { region }, crossRegionReferences: true });
    const synthesizeWith = (entrance: (webAclArn: string) => Entrance, aclScope: string, region: string) => {
      const stackProps = { env: { region: 'eu-central-1' }, crossRegionReferences: true };
      const { vpc } = newPlatform(stackProps);
      const { attrArn } = made(stackIn(App.of(vpc) as App, region), aclScope);
      return () => synthesizeEntrance(entrance(attrArn), { vpc, stackProps });
    };
    const before = {
      cloudFront: (webAclArn: string) => Entrance.cloudFront({ webAclArn }),
      http: (webAclArn: string) => Entrance.http({ webAclArn }),
    };

    test('is refused for CloudFront where WAF does not have that scope', () => {
      expect(synthesizeWith(before.cloudFront, 'CLOUDFRONT', 'eu-central-1')).toThrow(
        '`entrance.webAclArn` is of a web ACL that is in eu-central-1, and has to be in us-east-1. Make the web ACL in us-east-1, in a stack of its own with `crossRegionReferences`',
      );
      expect(synthesizeWith(before.cloudFront, 'CLOUDFRONT', 'us-east-1')).not.toThrow();
    });

    test('is refused for a load balancer in another region', () => {
      expect(synthesizeWith(before.http, 'REGIONAL', 'us-east-1')).toThrow(
        '`entrance.webAclArn` is of a web ACL that is in us-east-1, and has to be in eu-central-1. Make the web ACL in eu-central-1.',
      );
      expect(synthesizeWith(before.http, 'REGIONAL', 'eu-central-1')).not.toThrow();
    });
  });

  test.each(['Acl', '11112222-3333-4444-5555-666677778888', 'arn:aws:waf::111122223333:webacl/1'])(
    '%s is no ARN of one',
    (webAclArn) => {
      expect(tried(Entrance.http({ webAclArn }))).toThrow(
        `\`entrance.webAclArn\` '${webAclArn}' is not the ARN of a web ACL of AWS WAF. Pass`,
      );
    },
  );
});
