import { MIGRATION } from '../next-version';
import type { Scenario } from '../scenario';
import { Upgrading } from '../upgrading';
import { seconds, until } from '../waiting';

export const upgradeKilled: Scenario = {
  number: 11,
  title: 'an upgrade in which a node is killed at every stage',
  async run(stage) {
    const { say, expect } = stage;
    const upgrading = await Upgrading.of(stage);
    const { service } = upgrading;
    const before = service.now.revision;
    // Long enough to be killed in the middle.
    const next = await upgrading.next({ [MIGRATION.SECONDS]: '4' });
    await upgrading.watch();
    say(`${next.version} is deployed, under load …`);
    const { revision } = service.deploy(next);

    const asking = await upgrading.said(revision, 'asks to begin');
    upgrading.kill(asking, 'while it asks, before anybody leaves');
    const leaving = await upgrading.said(before, 'goes on serving for');
    upgrading.kill(leaving, 'while it leaves and drains');
    const migrating = await upgrading.said(revision, 'starts NocoBase');
    await upgrading.migrates(next.version);
    upgrading.kill(migrating, 'in the middle of its migration');
    const first = await upgrading.said(revision, 'NocoBase is healthy');
    await until('the load balancer finds it healthy', () => first.wasHealthy);
    const second = await upgrading.said(revision, 'starts NocoBase (nothing to install or upgrade)');
    upgrading.kill(second, 'while it starts beside the first');

    const took = await service.settled();
    await upgrading.judge('killed at every stage', next.version);
    expect(
      'killed at every stage: three nodes of the new version are healthy all the same',
      `${seconds(took)} after the last; ${upgrading.begun(revision)} began`,
      service.now.revision === revision && upgrading.begun(revision) === 2,
    );
  },
};
