import { App, Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { compareVpcs } from '../../lib/network/same-vpc';

const env = { account: '111122223333', region: 'eu-central-1' };

function stacks(): [Stack, Stack] {
  const app = new App();
  return [new Stack(app, 'One', { env }), new Stack(app, 'Other', { env })];
}

function imported(scope: Construct, vpcId: string): ec2.IVpc {
  return ec2.Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId, availabilityZones: ['a', 'b'] });
}

test('one id is one network, however often it was imported', () => {
  const [one, other] = stacks();
  expect(compareVpcs(imported(one, 'vpc-1'), imported(other, 'vpc-1'))).toBe('same');
  expect(compareVpcs(imported(new Stack(one, 'In'), 'vpc-1'), imported(new Stack(other, 'In'), 'vpc-2'))).toBe(
    'different',
  );
});

test('one value that is imported twice is one network, another is not known', () => {
  const [one, other] = stacks();
  const first = imported(one, Fn.importValue('VpcId'));
  expect(compareVpcs(first, imported(other, Fn.importValue('VpcId')))).toBe('same');
  expect(compareVpcs(first, imported(new Stack(other, 'In'), Fn.importValue('Else')))).toBe('unknown');
});

test('networks of the app are told apart, though their stacks call them the same', () => {
  const [one, other] = stacks();
  const [mine, theirs] = [new ec2.Vpc(one, 'Vpc'), new ec2.Vpc(other, 'Vpc')];
  expect(compareVpcs(mine, mine)).toBe('same');
  expect(compareVpcs(mine, theirs)).toBe('different');
  expect(compareVpcs(mine, imported(new Stack(other, 'In'), mine.vpcId))).toBe('same');
});

test('of what is looked up nothing is known in the first synthesis', () => {
  const [one, other] = stacks();
  const [mine, theirs] = stacks().map((stack, i) => ec2.Vpc.fromLookup(stack, 'Vpc', { vpcId: `vpc-${i}` }));
  expect(compareVpcs(mine, theirs)).toBe('unknown');
  expect(compareVpcs(mine, imported(one, 'vpc-1'))).toBe('unknown');
  expect(compareVpcs(mine, new ec2.Vpc(other, 'Vpc'))).toBe('unknown');
});
