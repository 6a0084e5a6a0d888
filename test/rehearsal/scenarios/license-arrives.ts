import { app, templatesOf } from '../../critical-path/deployments';
import type { Scenario } from '../scenario';
import { Upgrading } from '../upgrading';
import { seconds } from '../waiting';

const SINGLE = { minimumHealthyPercent: 0, maximumPercent: 100 };

export const licenseArrives: Scenario = {
  number: 17,
  title: 'the licence arrives: from one node without adapters to a cluster',
  async run(stage) {
    const { cluster, say, expect } = stage;
    await cluster.reset();
    const { pending, variables } = beforeTheLicense();
    const upgrading = await Upgrading.from(stage, {
      version: cluster.assembly.version(),
      app: cluster.app,
      generation: pending.LAUNCHER_GENERATION,
      environment: { ...variables, LAUNCHER_NODES: pending.LAUNCHER_NODES },
    });
    const { service } = upgrading;
    const { configuration } = service;
    service.configuration = { ...configuration, ...SINGLE };
    await upgrading.settle(1);
    await upgrading.watch();

    say('The licence is there: one deployment …');
    service.configuration = configuration;
    const { revision } = service.deploy({
      version: cluster.assembly.version(),
      app: cluster.app,
      generation: cluster.environment.LAUNCHER_GENERATION,
      environment: {},
    });
    const one = await service.settled();
    // As the scalable target does, which is made or changed after the service.
    service.scale(cluster.settings.minNodes);
    const all = await service.settled();
    await upgrading.judge('the licence arrives', undefined, ['applicationPlugins']);
    expect(
      'the single node leaves, a new generation begins with one, and the cluster grows to its size',
      `${seconds(one)} + ${seconds(all)} to ${service.running.length} nodes`,
      upgrading.begun(revision) === 1 && service.running.length === cluster.settings.minNodes,
    );
    const enabled = await cluster.database.query(
      `SELECT "packageName" AS name FROM "applicationPlugins" WHERE enabled AND "packageName" LIKE '%-redis'`,
    );
    expect('the adapters are on', enabled.map(({ name }) => name).join(', '), enabled.length >= 3);
  },
};

/** What the template of the app says while its licence is pending: its own variables, and those that it is without. */
function beforeTheLicense() {
  const [pending, licensed] = [{ license: 'pending' }, {}].map((changes) => nodeOf(app(changes)));
  const missing = Object.keys(licensed).filter((name) => !(name in pending));
  return { pending, variables: Object.fromEntries(missing.map((name) => [name, undefined])) };
}

function nodeOf(build: Parameters<typeof templatesOf>[0]): { [name: string]: string } {
  const resources = Object.values(templatesOf(build)).flatMap(({ Resources }) => Object.values(Resources));
  const task = resources.find(({ Type }) => Type === 'AWS::ECS::TaskDefinition');
  const [{ Environment, Secrets }] = task!.Properties!.ContainerDefinitions;
  return Object.fromEntries(
    [...Environment, ...Secrets].map(({ Name, Value }: { Name: string; Value?: string }) => [Name, Value ?? '']),
  );
}
