import { MIGRATION } from '../next-version';
import type { Scenario } from '../scenario';
import { Upgrading } from '../upgrading';
import { seconds } from '../waiting';

export const twoDeployments: Scenario = {
  number: 15,
  title: 'deployments in quick succession',
  async run(stage) {
    const { say, expect } = stage;
    const upgrading = await Upgrading.of(stage, 2);
    const { service } = upgrading;
    await upgrading.watch();

    const first = await upgrading.next();
    say(`${first.version} is deployed …`);
    const asked = service.deploy(first).revision;
    // Made before the first begins to ask: it takes a moment.
    const second = await upgrading.next({ [MIGRATION.SECONDS]: '4' });
    await upgrading.said(asked, 'asks to begin');
    say(`… and ${second.version} while that asks …`);
    const begun = service.deploy(second).revision;
    const third = await upgrading.next();
    await upgrading.said(begun, 'starts NocoBase');
    await upgrading.migrates(second.version);
    say(`… and ${third.version} while that migrates`);
    const last = service.deploy(third).revision;
    const took = await service.settled();

    await upgrading.judge('three deployments', third.version);
    expect(
      'the one that only asked has begun nothing',
      `${upgrading.begun(asked)} began`,
      upgrading.begun(asked) === 0,
    );
    expect('the last one runs', seconds(took), service.now.revision === last && service.now.state === 'completed');
  },
};
