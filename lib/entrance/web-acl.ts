import { Stack, Token } from 'aws-cdk-lib';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { referredResource } from '../app-resources';
import { invalidProp, isKnown } from '../invalid-prop';
import { checkRegion } from '../same-region';

/** Puts a web ACL before a load balancer. */
export function protectLoadBalancer(scope: Construct, webAclArn: string, resourceArn: string) {
  checkScope(scope, webAclArn, 'REGIONAL');
  new wafv2.CfnWebACLAssociation(scope, 'WebAcl', { resourceArn, webAclArn });
}

/** The web ACL for a distribution, which names it itself. */
export function webAclOfDistribution(scope: Construct, webAclArn: string | undefined): string | undefined {
  if (webAclArn !== undefined) {
    checkScope(scope, webAclArn, 'CLOUDFRONT');
  }
  return webAclArn;
}

function checkScope(scope: Construct, webAclArn: string, wanted: 'REGIONAL' | 'CLOUDFRONT') {
  const given = scopeOf(scope, webAclArn);
  const region = wanted === 'CLOUDFRONT' ? 'us-east-1' : Stack.of(scope).region;
  if (given.scope !== undefined && given.scope !== wanted) {
    throw invalidProp(scope, {
      prop: 'entrance.webAclArn',
      problem: `is of a web ACL with the scope ${given.scope}, and ${
        wanted === 'CLOUDFRONT' ? 'CloudFront takes' : 'a load balancer takes'
      } one with the scope ${wanted}`,
      remedy: `Make the web ACL with the scope ${wanted} in ${where(wanted, region)}`,
    });
  }
  if (given.region !== undefined) {
    checkRegion(scope, 'entrance.webAclArn', {
      region: given.region,
      here: region,
      what: 'is of a web ACL that',
      remedy: `Make the web ACL in ${where(wanted, region)}`,
    });
  }
}

function where(wanted: 'REGIONAL' | 'CLOUDFRONT', region: string): string {
  if (wanted === 'CLOUDFRONT') {
    return 'us-east-1, in a stack of its own with `crossRegionReferences` where the cluster is elsewhere';
  }
  return Token.isUnresolved(region) ? 'the region of the load balancer' : region;
}

/** What is known of a web ACL before the deployment. */
function scopeOf(scope: Construct, webAclArn: string): { scope?: string; region?: string } {
  if (Token.isUnresolved(webAclArn)) {
    const webAcl = referredResource(webAclArn);
    if (!wafv2.CfnWebACL.isCfnWebACL(webAcl)) return {};
    return { scope: Token.isUnresolved(webAcl.scope) ? undefined : webAcl.scope, region: Stack.of(webAcl).region };
  }
  if (!isKnown(webAclArn)) return {};
  const [, region, kind] = /^arn:[\w-]+:wafv2:([a-z0-9-]+):\d{12}:(regional|global)\/webacl\/./.exec(webAclArn) ?? [];
  if (region === undefined) {
    throw invalidProp(scope, {
      prop: 'entrance.webAclArn',
      problem: `'${webAclArn}' is not the ARN of a web ACL of AWS WAF`,
      remedy: 'Pass `attrArn` of a wafv2.CfnWebACL, or the ARN that `aws wafv2 list-web-acls` prints',
    });
  }
  return { scope: kind === 'global' ? 'CLOUDFRONT' : 'REGIONAL', region };
}
