import type { App } from 'aws-cdk-lib';
import { ClusterPlugins, MessageQueue, NocoBaseCluster, NodeEndpoints, RabbitMqBroker } from '../../lib';
import { importedVpc, newStack } from './network-fixture';

const OURS = { account: '111122223333', region: 'eu-central-1' };

/** A VPC of another account, and a stack of ours. */
function sharedVpc() {
  const vpc = importedVpc(
    { public: ['a', 'b'], private: ['a', 'b'] },
    newStack({ env: { ...OURS, account: '444455556666' } }),
  );
  return { vpc, stack: newStack({ env: OURS }) };
}

const REFUSED =
  '`vpc` is of account 444455556666, and 111122223333, which it is shared with, cannot make endpoints in it.';

test('endpoints are left to its owner', () => {
  const { vpc, stack } = sharedVpc();
  expect(() => new NodeEndpoints(stack, 'Endpoints', { vpc })).toThrow(`${REFUSED} Leave the endpoints to the owner`);
});

test('a broker of Amazon MQ cannot be in it', () => {
  const { vpc, stack } = sharedVpc();
  expect(() => new RabbitMqBroker(stack, 'Queue', { vpc })).toThrow(
    `${REFUSED} Amazon MQ makes one for each broker: use MessageQueue.redis() or a broker that is there.`,
  );
});

test('a cluster with another queue can', () => {
  const { vpc, stack } = sharedVpc();
  const queue = MessageQueue.redis();
  new NocoBaseCluster(stack, 'NocoBase', { vpc, queue, plugins: ClusterPlugins.preinstalled() });
  expect(() => (stack.node.root as App).synth()).not.toThrow();
});
