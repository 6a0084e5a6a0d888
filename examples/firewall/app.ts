// A public name for people of a few offices only, with AWS WAF in front: the offices keep their addresses in a prefix
// list of their own, and what gets past it is looked at by rules that AWS maintains.
import { App, Stack } from 'aws-cdk-lib';
import { PrefixList } from 'aws-cdk-lib/aws-ec2';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { ClusterPlugins, Entrance, NocoBaseCluster } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

export function build(app: App): Stack {
  const stack = new Stack(app, 'Firewall');
  const offices = new PrefixList(stack, 'Offices', {
    maxEntries: 10,
    entries: [
      { cidr: '203.0.113.0/24', description: 'Berlin' },
      { cidr: '198.51.100.7/32', description: 'Lyon' },
    ],
  });
  const metrics = (metricName: string) => ({
    metricName,
    cloudWatchMetricsEnabled: true,
    sampledRequestsEnabled: true,
  });
  const webAcl = new CfnWebACL(stack, 'WebAcl', {
    scope: 'REGIONAL',
    defaultAction: { allow: {} },
    visibilityConfig: metrics('NocoBase'),
    rules: [
      {
        name: 'KnownBadInputs',
        priority: 1,
        overrideAction: { none: {} },
        statement: { managedRuleGroupStatement: { vendorName: 'AWS', name: 'AWSManagedRulesKnownBadInputsRuleSet' } },
        visibilityConfig: metrics('KnownBadInputs'),
      },
    ],
  });
  new NocoBaseCluster(stack, 'NocoBase', {
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    entrance: Entrance.domain({
      hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
        hostedZoneId: 'Z0123456789ABCDEFGHIJ',
        zoneName: 'example.com',
      }),
      domainName: 'crm.example.com',
      allowedPrefixLists: [offices.prefixListId],
      webAclArn: webAcl.attrArn,
    }),
  });
  return stack;
}

build(new App());
