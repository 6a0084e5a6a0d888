import { setTimeout as sleep } from 'node:timers/promises';
import { MIGRATION } from '../next-version';
import type { Scenario } from '../scenario';
import { Upgrading } from '../upgrading';
import { seconds } from '../waiting';

/** A failover of RDS takes a minute, and times are a tenth. */
const AWAY = 6000;

export const upgradeDatabase: Scenario = {
  number: 12,
  title: 'an upgrade in which the database restarts',
  async run(stage) {
    const { cluster, say, expect } = stage;
    const upgrading = await Upgrading.of(stage);
    const { service } = upgrading;
    const before = service.now.revision;
    const restart = async (when: string, away = 0) => {
      say(`PostgreSQL restarts ${when} …`);
      await cluster.parts.postgres.server.stop();
      await sleep(away);
      await cluster.parts.postgres.server.start();
    };
    const next = await upgrading.next({ [MIGRATION.SECONDS]: '4' });
    await upgrading.watch();
    say(`${next.version} is deployed, under load …`);
    const { revision } = service.deploy(next);

    await upgrading.said(revision, 'asks to begin');
    await restart(`and is away for ${seconds(AWAY)} while a node asks`, AWAY);
    await upgrading.said(before, 'goes on serving for');
    await restart('while the nodes before drain');
    await upgrading.said(revision, 'starts NocoBase');
    await upgrading.migrates(next.version);
    await restart('in the middle of the migration');

    const took = await service.settled();
    await upgrading.judge('the database restarts', next.version);
    expect(
      'the database restarts: three nodes of the new version are healthy all the same',
      `${seconds(took)} after the last`,
      service.now.revision === revision,
    );
  },
};
