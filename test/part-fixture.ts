import { App, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { type NodeContribution, type PartContext, StoredSecret } from '../lib';
import { render } from './cluster-fixture';

export { warnings } from './network/network-fixture';

/** A stack with a network, and what a cluster in it tells its parts. */
export function newPlace(props: StackProps = {}) {
  const stack = new Stack(new App(), 'Prod', props);
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const context: PartContext = { vpc, dataSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, onePerAz: true } };
  return { stack, vpc, context };
}

/** Somebody else's Secret. */
export function named(scope: Construct, name: string): secretsmanager.ISecret {
  const id = `Secret-${name}`;
  const earlier = scope.node.tryFindChild(id) as secretsmanager.ISecret | undefined;
  return earlier ?? secretsmanager.Secret.fromSecretNameV2(scope, id, name);
}

export function stored(scope: Construct, name: string, field?: string): StoredSecret {
  return StoredSecret.inSecretsManager(named(scope, name), field);
}

/** How a dynamic reference to a Secret of `named` is rendered. */
export function reference(name: string, field = ''): string {
  return `{{resolve:secretsmanager:arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${name}:SecretString:${field}::}}`;
}

/** What a part tells nodes, with its references as `<Id>` and `<Id.Attribute>`. */
export function told(scope: Construct, ...contributions: (NodeContribution | undefined)[]) {
  const all = contributions.map((contribution) => ({ ...contribution?.environment, ...contribution?.connectionUrls }));
  return rendered(scope, Object.assign({}, ...all));
}

export function rendered(scope: Construct, texts: { [name: string]: unknown } | undefined): { [name: string]: string } {
  const resolved = Stack.of(scope).resolve(texts ?? {});
  return Object.fromEntries(Object.entries(resolved).map(([name, value]) => [name, render(value)]));
}
