import { Api } from '../api';
import { MIGRATION } from '../next-version';
import type { Scenario } from '../scenario';
import { Upgrading } from '../upgrading';
import { seconds } from '../waiting';

export const upgradeFailed: Scenario = {
  number: 13,
  title: 'a version that never gets healthy, and the way back',
  async run(stage) {
    const { cluster, say, expect } = stage;
    const upgrading = await Upgrading.of(stage);
    const { service } = upgrading;
    const before = service.now.revision;

    const bad = await upgrading.next({ [MIGRATION.FAILS]: 'yes' });
    await upgrading.watch();
    say(`${bad.version}, whose migration fails, is deployed, under load …`);
    const failed = service.deploy(bad);
    const gaveUp = await service.settled();
    const tries = upgrading.begun(failed.revision);
    expect(
      'it fails: tried as often as the template says, then given up, and the deployment goes back',
      `${tries} tries, ${seconds(gaveUp)}`,
      failed.state === 'failed' &&
        service.now.revision === before &&
        tries === Number(service.environment.LAUNCHER_UPGRADE_TRIES),
    );
    const page = await fetch(service.balancer.url + service.publicPath, { headers: { accept: 'text/html' } });
    const text = await page.text();
    const health = await fetch(`http://127.0.0.1:${service.running[0].node!.port}${service.balancing.path}`);
    expect(
      'the nodes before do not run NocoBase: users see a page, and the health path says 200',
      `HTTP ${page.status}, ${/<h1>(.*)<.h1>/.exec(text)?.[1]}; health ${health.status}`,
      page.status === 503 && /An update did not succeed/.test(text) && health.status === 200,
    );
    const sentence = service.tasks
      .flatMap(({ node }) => node?.container.said ?? [])
      .find(({ line }) => /did not become healthy on this database/.test(line));
    expect(
      'its last nodes say so, and the moment to restore to',
      sentence?.line ?? 'nothing',
      /restore the database to \d{4}-/.test(sentence?.line ?? ''),
    );

    say(`${before.version} is deployed again, on what ${bad.version} has begun to migrate …`);
    const again = service.deploy(upgrading.like(before));
    const refused = await service.settled();
    const ran = service.tasks.some((task) => task.revision === again.revision && task.hasSaid('starts NocoBase'));
    const why = service.tasks.some(
      (task) => task.revision === again.revision && task.hasSaid('NocoBase cannot go back'),
    );
    expect(
      'the version before is refused on it',
      `${ran ? 'it ran' : 'it did not run'}, ${seconds(refused)}`,
      again.state === 'failed' && why && !ran,
    );

    say(`${before.version} is deployed once more, and allowed …`);
    const allowed = service.deploy(
      upgrading.like(before, {
        LAUNCHER_ON_MIGRATED_DATABASE: before.environment.LAUNCHER_IMAGE ?? service.environment.LAUNCHER_IMAGE,
      }),
    );
    const back = await service.settled();
    await Api.signIn(service);
    await upgrading.judge('a failed upgrade, and the version before again', undefined);
    expect('the version before runs where it is allowed', seconds(back), allowed.state === 'completed');

    const good = await upgrading.next();
    await upgrading.watch();
    say(`${good.version}, which works, is deployed …`);
    const next = service.deploy(good);
    const took = await service.settled();
    await upgrading.judge('a version that works, after it', good.version);
    expect('the next version that works is deployed', seconds(took), next.state === 'completed');
    const rows = await cluster.database.query(
      'SELECT generation FROM cdk_nocobase.generations WHERE asked_by IS NOT NULL OR starting',
    );
    expect(
      'nothing is left of what was tried',
      rows.map(({ generation }) => generation).join(', ') || 'nothing',
      rows.length === 0,
    );
  },
};
