import { App, Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { isKnown } from '../lib/invalid-prop';

test('what is written is known', () => {
  for (const text of ['', 'vpc-0123456789abcdef0', 'vpc-123456789', 'redis.example.com']) {
    expect([text, isKnown(text)]).toEqual([text, true]);
  }
});

test('what the deployment finds out is not known, nor what a look-up answers at first', () => {
  const stack = new Stack(new App(), 'Prod', { env: { account: '111122223333', region: 'eu-central-1' } });
  const vpc = ec2.Vpc.fromLookup(stack, 'Vpc', { vpcId: 'vpc-1' });
  for (const text of [
    Fn.importValue('Host'),
    `https://${Fn.importValue('Host')}/`,
    vpc.vpcId,
    ec2.SecurityGroup.fromLookupById(stack, 'Group', 'sg-1').securityGroupId,
    StringParameter.valueFromLookup(stack, '/redis/host'),
    `https://${StringParameter.valueFromLookup(stack, '/redis/host')}/`,
  ]) {
    expect([text, isKnown(text)]).toEqual([text, false]);
  }
});
