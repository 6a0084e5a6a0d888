import { Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins } from '../../lib';
import { connectionUrls, environment, render, secrets, synthesize } from '../cluster-fixture';

const ADAPTER_VARIABLES = /^(LOCK_ADAPTER|QUEUE_ADAPTER|PUBSUB_ADAPTER|REDIS_URL$|APPEND_PRESET|LAUNCHER_REQUIRED)/;
const PLUGINS = [
  '@nocobase/plugin-pubsub-adapter-redis',
  '@nocobase/plugin-lock-adapter-redis',
  '@nocobase/plugin-workerid-allocator-redis',
  '@nocobase/plugin-queue-adapter-rabbitmq',
];
const adapterVariables = (plugins: ClusterPlugins) => {
  const { template } = synthesize({ plugins });
  return [...Object.keys(environment(template)), ...Object.keys(secrets(template))].filter((name) =>
    ADAPTER_VARIABLES.test(name),
  );
};

test('licensed: the key reaches the launcher only, from its Secret', () => {
  const { template } = synthesize();
  expect(render(secrets(template).LAUNCHER_LICENSE_KEY)).toMatch(/:secret:nocobase-license$/);
  expect(environment(template)).toMatchObject({ LAUNCHER_LICENSE: 'required', LAUNCHER_NODES: 'many' });
});

test('licensed and preinstalled: the adapters of all four functions are on, and their plug-ins have to be there', () => {
  for (const plugins of [licensed(), ClusterPlugins.preinstalled()]) {
    const variables = environment(synthesize({ plugins }).template);
    expect(variables).toMatchObject({ LOCK_ADAPTER_DEFAULT: 'redis', QUEUE_ADAPTER: 'rabbitmq' });
    expect(variables.APPEND_PRESET_BUILT_IN_PLUGINS.split(',')).toEqual(PLUGINS);
    expect(variables.LAUNCHER_REQUIRED_PLUGINS.split(',')).toEqual(PLUGINS);
  }
});

test.each([undefined, null, 'the-key-itself', {}])('licensed: %j is no Secret, and is not said', (given) => {
  const message = (() => {
    try {
      return synthesize({ plugins: ClusterPlugins.licensed(given as never) });
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(message).toMatch(
    /`plugins` must be given the Secret that holds the licence key, got: (nothing|string|object)\./,
  );
  expect(message).not.toContain('the-key-itself');
});

test('preinstalled: there is no licence key to inject', () => {
  expect(secrets(synthesize({ plugins: ClusterPlugins.preinstalled() }).template)).not.toHaveProperty(
    'LAUNCHER_LICENSE_KEY',
  );
});

test('pending: no adapter is on whose plug-in cannot be there; the built-in cache is', () => {
  expect(adapterVariables(ClusterPlugins.pending())).toEqual([]);
  expect(adapterVariables(licensed()).length).toBeGreaterThan(6);
  const { template } = synthesize({ plugins: ClusterPlugins.pending() });
  expect(environment(template).CACHE_DEFAULT_STORE).toBe('redis');
  expect(Object.keys(connectionUrls(template))).toEqual(['CACHE_REDIS_URL']);
});

test('pending: an output says how to get to a cluster', () => {
  const { template } = synthesize({ plugins: ClusterPlugins.pending() });
  const [nextStep] = Object.values(template.findOutputs('*')).filter((output) =>
    /from one node/.test(output.Description),
  );
  const text = render(nextStep.Value);
  expect(text).toMatch(/1\. Open http.* sign in as admin@nocobase.com/);
  expect(text).toMatch(/2\. .*instance ID.*3\. .*create-secret --name nocobase-license.*4\. .*ClusterPlugins.licensed/);
});

test('the generation is image, kind of plug-ins and plug-ins: a change of any is an upgrade', () => {
  const generation = (plugins: ClusterPlugins) => environment(synthesize({ plugins }).template).LAUNCHER_GENERATION;
  expect(generation(licensed())).toBe(`nocobase/nocobase:2.2.15 licensed ${PLUGINS.join(' ')}`);
  expect(generation(ClusterPlugins.pending())).toBe('nocobase/nocobase:2.2.15 pending');
});

function licensed() {
  return ClusterPlugins.licensed(secretsmanager.Secret.fromSecretNameV2(new Stack(), 'Key', 'nocobase-license'));
}
