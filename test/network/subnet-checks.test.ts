import { CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import {
  EfsStorage,
  NodeEndpoints,
  PostgresDatabase,
  RabbitMqBroker,
  RabbitMqDeployment,
  ValkeyCache,
} from '../../lib';
import { only } from '../cluster-fixture';
import {
  importedVpc,
  lookedUpVpc,
  networkOf,
  newStack,
  pendingVpc,
  subnetIds,
  vpcOfPendingZones,
} from './network-fixture';

describe('subnets of another VPC', () => {
  const two = () => {
    const stack = newStack();
    return ['Vpc', 'Other'].map((id) => new ec2.Vpc(stack, id, { maxAzs: 2 }));
  };

  test.each(['entrance', 'nodes', 'data'] as const)('are refused for %s', (tier) => {
    const select = (whose: 0 | 1) => {
      const vpcs = two();
      return expect(() => networkOf(vpcs[0], { subnets: { [tier]: { subnets: vpcs[whose].privateSubnets } } }));
    };
    select(1).toThrow(
      `\`subnets.${tier}\` has a subnet of another VPC than Prod/Vpc: Prod/Other/PrivateSubnet1. Select subnets of that VPC.`,
    );
    select(0).not.toThrow();
  });

  test.each([
    ['a database', PostgresDatabase],
    ['a broker', RabbitMqBroker],
    ['a file system', EfsStorage],
  ])('are refused for %s on its own', (_, Part) => {
    const [vpc, other] = two();
    expect(() => new Part(Stack.of(vpc), 'Part', { vpc, vpcSubnets: { subnets: other.privateSubnets } })).toThrow(
      '`vpcSubnets` has a subnet of another VPC than Prod/Vpc: Prod/Other/PrivateSubnet1.',
    );
  });

  test('are refused when they were imported by their ids', () => {
    const [vpc, other] = two();
    const subnets = other.privateSubnets.map(({ subnetId, availabilityZone }, i) =>
      ec2.Subnet.fromSubnetAttributes(Stack.of(vpc), `Subnet${i}`, { subnetId, availabilityZone }),
    );
    expect(() => networkOf(vpc, { subnets: { nodes: { subnets } } })).toThrow('of another VPC than Prod/Vpc');
  });

  test('are taken where the VPC was imported, which may be theirs', () => {
    const [{ privateSubnets: subnets, stack }] = two();
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Imported', { vpcId: 'vpc-1', availabilityZones: ['a', 'b'] });
    expect(() => networkOf(vpc, { subnets: { nodes: { subnets }, data: { subnets } } })).not.toThrow();
  });
});

test('what is no selection of subnets is refused', () => {
  const select = (nodes: any) => {
    const vpc = importedVpc({ private: ['a', 'b'] });
    return expect(() => networkOf(vpc, { subnets: { nodes } }));
  };
  for (const subnets of [['subnet-1', 'subnet-2'], 'subnet-1', [undefined]]) {
    select({ subnets }).toThrow(
      '`subnets.nodes.subnets` must be a list of subnets, as constructs. Import each by its id: Subnet.fromSubnetAttributes(',
    );
  }
  select(['subnet-1', 'subnet-2']).toThrow('`subnets.nodes` must be a selection of subnets, got: a list.');
  select('private').toThrow('`subnets.nodes` must be a selection of subnets, got: string.');
});

describe('subnets of which the deployment knows how many there are', () => {
  const list = (length?: number) => Fn.split(',', Fn.importValue('subnets'), length);
  const imported = (privateSubnetIds: string[], stack = newStack()) =>
    ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: Fn.importValue('vpc'),
      availabilityZones: Fn.getAzs(),
      privateSubnetIds,
    });
  const parameter = () => {
    const stack = newStack();
    return imported(new CfnParameter(stack, 'Subnets', { type: 'List<AWS::EC2::Subnet::Id>' }).valueAsList, stack);
  };

  test.each([
    ['an imported value', () => imported(list())],
    ['a parameter', parameter],
  ])('are refused as %s by a file system, which names each', (_, vpcOf) => {
    const vpc = vpcOf();
    expect(() => new EfsStorage(Stack.of(vpc), 'Storage', { vpc })).toThrow(
      "cdk-nocobase [Prod/Storage]: `vpc` has its subnets as one list of a length that is not known, and they are named one by one here. Give the length: Fn.split(',', list, 2), or Fn.select(0, list), Fn.select(1, list) of a parameter.",
    );
  });

  test('are refused by a broker of one instance, which is in one subnet', () => {
    const vpc = parameter();
    expect(() => new RabbitMqBroker(Stack.of(vpc), 'Queue', { vpc })).toThrow(
      'cdk-nocobase [Prod/Queue]: `vpc` has its subnets as one list of a length that is not known',
    );
    new RabbitMqBroker(Stack.of(vpc), 'Three', { vpc, deployment: RabbitMqDeployment.CLUSTER_MULTI_AZ });
    const { properties } = only(Template.fromStack(Stack.of(vpc)), 'AWS::AmazonMQ::Broker');
    expect(properties.SubnetIds).toEqual({ Ref: 'Subnets' });
  });

  test('are taken by a database', () => {
    const vpc = parameter();
    new PostgresDatabase(Stack.of(vpc), 'Database', { vpc });
    const { properties } = only(Template.fromStack(Stack.of(vpc)), 'AWS::RDS::DBSubnetGroup');
    expect(properties.SubnetIds).toEqual({ Ref: 'Subnets' });
  });

  test('are all taken once the length is given, although nothing is known of their zones', () => {
    const vpc = imported(list(2));
    const stack = Stack.of(vpc);
    new EfsStorage(stack, 'Storage', { vpc });
    new PostgresDatabase(stack, 'Database', { vpc });
    const template = Template.fromStack(stack);
    const ids = stack.resolve(list(2));
    const targets = Object.values(template.findResources('AWS::EFS::MountTarget'));
    expect(targets.map(({ Properties }) => Properties.SubnetId)).toEqual(ids);
    expect(only(template, 'AWS::RDS::DBSubnetGroup').properties.SubnetIds).toEqual(ids);
    expect(subnetIds(vpc, networkOf(vpc).nodeSubnets)).toHaveLength(2);
  });

  test('are refused when it is one only', () => {
    expect(() => networkOf(imported(list(1)))).toThrow('in 1 availability zone only');
  });
});

describe('a part that is made on its own', () => {
  const PARTS = Object.entries({ EfsStorage, NodeEndpoints, PostgresDatabase, RabbitMqBroker, ValkeyCache });
  const three = RabbitMqDeployment.CLUSTER_MULTI_AZ;

  test.each(PARTS)('passes before subnets are looked up in Parameter Store: %s', (_, Part) => {
    const vpc = pendingVpc();
    new Part(Stack.of(vpc), 'Part', { vpc, ...(Part === RabbitMqBroker && { deployment: three }) });
    expect(() => Template.fromStack(Stack.of(vpc))).not.toThrow();
  });

  test.each(PARTS)('passes before the zones that it is to be in are looked up: %s', (_, Part) => {
    const vpc = vpcOfPendingZones();
    const vpcSubnets = { availabilityZones: ['eu-central-1a', 'eu-central-1b'] };
    new Part(Stack.of(vpc), 'Part', { vpc, vpcSubnets, ...(Part === RabbitMqBroker && { deployment: three }) });
    expect(() => Template.fromStack(Stack.of(vpc))).not.toThrow();
  });

  test('is not in isolated subnets that cover too few zones for it', () => {
    const vpc = lookedUpVpc({ private: ['a', 'b'], isolated: ['a'] });
    const stack = Stack.of(vpc);
    new PostgresDatabase(stack, 'Database', { vpc });
    new RabbitMqBroker(stack, 'Queue', { vpc });
    const template = Template.fromStack(stack);
    expect(only(template, 'AWS::RDS::DBSubnetGroup').properties.SubnetIds).toEqual(['private-a', 'private-b']);
    expect(only(template, 'AWS::AmazonMQ::Broker').properties.SubnetIds).toEqual(['isolated-a']);
  });

  test('says how others are selected where no subnets cover the zones that it needs', () => {
    const vpc = lookedUpVpc({ isolated: ['a'] });
    expect(() => new PostgresDatabase(Stack.of(vpc), 'Database', { vpc })).toThrow(
      '`vpc` has Isolated subnets in 1 availability zone only. A cluster needs them in at least two: make more, or select others by `vpcSubnets`.',
    );
  });
});
