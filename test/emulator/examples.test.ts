import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { App } from 'aws-cdk-lib';
import { parseConfiguration } from '../../bin/configuration';
import { NocoBaseStack } from '../../bin/stack';
import cdkJson from '../../cdk.json';
import * as existingApp from '../../examples/existing-app/app';
import * as minimal from '../../examples/minimal/app';
import * as production from '../../examples/production/app';
import { LocalAws, REGION } from './local-aws';

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSecret('nocobase-license', 'a licence key');
  await aws.giveHostedZone('Z0123456789ABCDEFGHIJ', 'example.com');
  await aws.bootstrap();
});
afterAll(() => aws?.stop());

/** The app of this repository, with settings as one writes them into cdk.json. */
function configured(stackName: string, block: object) {
  return (scope: App) => {
    new NocoBaseStack(
      scope,
      parseConfiguration({ nocobase: { ...cdkJson.context.nocobase, stackName, ...block } }, {}),
    );
  };
}

const APPS: [string, (app: App) => void, string[]][] = [
  ['minimal', minimal.build, ['Minimal']],
  ['production', production.build, ['Production']],
  ['existing-app', existingApp.build, ['Platform', 'Collaboration', 'Reports']],
  ['the app, with cdk.json as it is', configured('NocoBase', {}), ['NocoBase']],
  ['the app, while the licence is pending', configured('Pending', { license: 'pending' }), ['Pending']],
  [
    'the app, in production on a domain',
    configured('OnDomain', {
      profile: 'production',
      entrance: {
        type: 'domain',
        domainName: 'crm.example.com',
        hostedZoneId: 'Z0123456789ABCDEFGHIJ',
        hostedZoneName: 'example.com',
      },
    }),
    ['OnDomain'],
  ],
  [
    'the app, over HTTP for a trial',
    configured('Trial', { entrance: { type: 'http', allowedCidrs: ['203.0.113.0/24'] } }),
    ['Trial'],
  ],
];

describe.each(APPS)('%s', (_, build, stacks) => {
  test('deploys', async () => {
    await aws.deploy(aws.synthesize(build));
    for (const stack of stacks) {
      expect(await aws.stack(stack)).toMatchObject({ StackName: stack, StackStatus: 'CREATE_COMPLETE' });
    }
  });
});

describe('the outputs are what the README says', () => {
  test('Url is where the load balancer or CloudFront answers', async () => {
    expect((await aws.outputs('NocoBase')).Url).toMatch(/^https:\/\/[0-9a-z]+\.cloudfront\.net\/$/);
    expect((await aws.outputs('OnDomain')).Url).toBe('https://crm.example.com/');
    const balancers = aws.client(ElasticLoadBalancingV2Client);
    const { LoadBalancers } = await balancers.send(new DescribeLoadBalancersCommand({}));
    const { Url } = await aws.outputs('Trial');
    const trial = LoadBalancers!.filter(({ DNSName }) => Url === `http://${DNSName}/`);
    expect(trial).toMatchObject([{ Scheme: 'internet-facing' }]);
    const { Listeners } = await balancers.send(
      new DescribeListenersCommand({ LoadBalancerArn: trial[0].LoadBalancerArn }),
    );
    expect(Listeners).toMatchObject([{ Port: 80, Protocol: 'HTTP' }]);
  });

  test('RootPasswordSecret is what the AWS CLI finds the Secret by', async () => {
    for (const stack of ['NocoBase', 'Pending']) {
      const { RootPasswordSecret } = await aws.outputs(stack);
      const { ARN } = await aws.secretsManager.send(new DescribeSecretCommand({ SecretId: RootPasswordSecret }));
      expect(Object.values(await aws.physicalIds(stack))).toContain(ARN);
    }
  });

  test('ClusterName and ServiceName are those of a service with two nodes', async () => {
    const { ClusterName, ServiceName } = await aws.outputs('NocoBase');
    const { services } = await aws
      .client(ECSClient)
      .send(new DescribeServicesCommand({ cluster: ClusterName, services: [ServiceName] }));
    expect(services).toMatchObject([{ status: 'ACTIVE', desiredCount: 2, runningCount: 2 }]);
  });

  test('while the licence is pending, there is one node, and NextStep says how to go on', async () => {
    const { ClusterName, ServiceName, NextStep, Url, RootPasswordSecret } = await aws.outputs('Pending');
    const { services } = await aws
      .client(ECSClient)
      .send(new DescribeServicesCommand({ cluster: ClusterName, services: [ServiceName] }));
    expect(services).toMatchObject([{ desiredCount: 1, runningCount: 1 }]);
    for (const text of [Url, RootPasswordSecret, 'npx cdk deploy', `--region ${REGION}`]) {
      expect(NextStep).toContain(text);
    }
  });

  test('LicenseSecret and LogGroup are the names that they have', async () => {
    const { LicenseSecret, LogGroup } = await aws.outputs('NocoBase');
    expect(LicenseSecret).toBe('nocobase-license');
    expect(Object.values(await aws.physicalIds('NocoBase', 'AWS::Logs::LogGroup'))).toContain(LogGroup);
  });
});
