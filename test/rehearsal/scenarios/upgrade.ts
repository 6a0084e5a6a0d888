import { failures, longestOutage, summary } from '../load';
import type { Scenario } from '../scenario';
import { Upgrading } from '../upgrading';
import { seconds } from '../waiting';

export const upgrade: Scenario = {
  number: 10,
  title: 'an upgrade of three nodes',
  async run(stage) {
    const { say, expect } = stage;
    const upgrading = await Upgrading.of(stage);
    const { service } = upgrading;
    const before = [...service.running];
    // Where nodes have run for weeks ECS replaces the unhealthy at once.
    service.age();
    const next = await upgrading.next();
    await upgrading.watch();
    say(`${next.version} is deployed, under load …`);
    const { revision } = service.deploy(next);
    const took = await service.settled();
    const { runs } = await upgrading.judge('an upgrade', next.version);
    expect('an upgrade: three nodes of the new version are healthy', seconds(took), true);
    const alone = runs.filter(({ generation }) => generation === revision.generation);
    expect(
      'an upgrade: one node begins it, the others start when it is healthy',
      `${upgrading.begun(revision)} of ${alone.length} began`,
      upgrading.begun(revision) === 1,
    );
    const codes = before.map(({ code }) => code);
    expect(
      'an upgrade: the nodes before end by themselves',
      codes.join(', '),
      codes.every((code) => code === 0),
    );

    await upgrading.watch();
    say('Another setting of the same version is deployed, under load …');
    service.deploy(upgrading.like(next, { LOGGER_LEVEL: 'debug' }));
    const rolled = await service.settled();
    const { answers } = await upgrading.judge('another setting', next.version);
    expect(
      'another setting: nobody leaves, and no request fails',
      `${seconds(rolled)}, longest gap ${seconds(longestOutage(answers))}; ${summary(answers)}`,
      failures(answers).length === 0,
    );
  },
};
