import { MIGRATION } from '../next-version';
import type { Scenario } from '../scenario';
import { Upgrading } from '../upgrading';
import { seconds } from '../waiting';

export const upgradeScaling: Scenario = {
  number: 14,
  title: 'an upgrade in which nodes of both revisions are added',
  async run(stage) {
    const { say, expect } = stage;
    const upgrading = await Upgrading.of(stage, 2);
    const { service } = upgrading;
    const before = service.now.revision;
    const next = await upgrading.next({ [MIGRATION.SECONDS]: '6' });
    await upgrading.watch();
    say(`${next.version} is deployed, under load …`);
    const { revision } = service.deploy(next);
    // In the hands of ECS a node that stands by ends at any time.
    service.onLook = () => {
      for (const task of service.of(before)) {
        if (task.hasSaid('stands by: NocoBase is stopped')) upgrading.kill(task, 'as soon as it stands by');
      }
    };
    await upgrading.said(revision, 'asks to begin');
    say('Scaling adds a node, of both revisions …');
    service.scale(3);
    await upgrading.said(revision, 'starts NocoBase');
    await upgrading.migrates(next.version);
    say('And another …');
    service.scale(4);
    const took = await service.settled();
    service.onLook = () => {};
    const { runs } = await upgrading.judge('scaled in the middle', next.version);
    const old = service.tasks.filter((task) => task.revision === before);
    expect(
      'scaled in the middle: nodes of the version before come and go, and none of them runs beside the new one',
      `${old.length} of them, ${runs.length} runs`,
      old.length >= 6,
    );
    expect(
      'scaled in the middle: four nodes of the new version are healthy',
      seconds(took),
      service.now.revision === revision,
    );
  },
};
