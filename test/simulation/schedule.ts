import { Database } from './database';
import { type Deployment, TIMES } from './node';
import { randomFrom } from './random';
import { Service } from './service';
import { World } from './world';

const MINUTE = 60_000;
/** In which things go wrong. */
const TROUBLE = 8 * MINUTE;
/** After which everything has to have come to its end. */
const END = TROUBLE + 30 * MINUTE;

export interface Outcome {
  /** What must never be; undefined if it never was. */
  readonly broken?: string;
  /** Whether what can run runs in the end. */
  readonly settled: boolean;
  readonly trace: string[];
}

const deployment = (revision: number, image: string, works = true, allowed = false): Deployment => ({
  generation: `${image} licensed`,
  image,
  family: 'nocobase',
  revision,
  works,
  allowed,
});

/** Times of the gate that are wrong. */
export type Faults = Partial<typeof TIMES>;

/** One life of a cluster: deployments, faults, and in the end quiet. */
export async function live(seed: number, faults: Faults = {}): Promise<Outcome> {
  const world = new World(randomFrom(seed));
  const database = new Database(world, world.between(-10 * MINUTE, 10 * MINUTE));
  const service = new Service(world, database, { ...TIMES, ...faults }, 1 + world.random(3));
  const workers = new Service(world, database, { ...TIMES, ...faults }, world.random(3));
  const trace: string[] = [];
  let broken: string | undefined;
  const note = (line: string) => trace.push(`${Math.round(world.now / 1000)} ${line}`);

  const deploy = (next: Deployment) => {
    note(`deploys ${next.generation} as ${next.revision}${next.works ? '' : ', which does not work'}`);
    service.deploy(next);
    world.at(world.now + world.between(0, 60_000), () => {
      if (service.deployments.includes(next)) follow(next);
    });
  };
  /** Workers of the same version, in a family of their own. */
  const follow = (next: Deployment) => {
    followed = next;
    workers.deploy({ ...next, family: 'workers', begins: false });
  };
  let followed: Deployment | undefined;
  deploy(deployment(1, 'A'));
  const times = Array.from({ length: 1 + world.random(3) }, () => world.between(30_000, TROUBLE)).sort((a, b) => a - b);
  times.forEach((time, index) => {
    const image = ['A', 'B', 'C', 'D'][world.random(4)];
    const next = deployment(index + 2, image, image === 'A' || world.chance(0.7), world.chance(0.2));
    world.at(time, () => deploy(next));
  });

  const all = () => [...service.nodes, ...workers.nodes];
  const anyNode = () => all()[world.random(all().length)];
  const troubles: [name: string, happen: () => void][] = [
    ['kills a node', () => anyNode()?.kill()],
    ['freezes a node', () => anyNode()?.freeze(world.between(1000, world.chance(0.3) ? 6 * MINUTE : 40_000))],
    ['ends a session', () => anyNode()?.dropSession()],
    ['cuts a node off', () => anyNode()?.cutOff(world.between(1000, 90_000))],
    ['restarts the database', () => database.goDown(world.between(500, 60_000))],
    ['stops a node', () => anyNode()?.stop()],
    [
      'scales',
      () => {
        service.desired = 1 + world.random(3);
      },
    ],
  ];
  const count = world.random(14);
  for (let i = 0; i < count; i++) {
    const [name, happen] = troubles[world.random(troubles.length)];
    world.at(world.between(0, TROUBLE), () => {
      note(name);
      happen();
    });
  }

  const look = () => {
    service.look();
    workers.look();
    // A rollback takes both back.
    if (service.deployments.length === 1 && followed && followed !== service.newest) follow(service.newest);
    world.at(world.now + 3000, look);
  };
  look();

  /** What must hold at every moment. */
  const check = () => {
    const running = all().filter(({ app, standsStill }) => app !== undefined && !standsStill);
    const generations = new Set(running.map(({ identity }) => identity.generation));
    if (generations.size > 1) broken ??= `${[...generations].join(' and ')} run at once, at ${world.now / 1000}`;
    const alone = running.filter(({ app }) => app!.alone);
    if (alone.length > 1) broken ??= `two first starts at once, at ${world.now / 1000}`;
    const begun = [...database.rows.values()].filter(({ began }) => began !== null);
    const last = begun.reduce<(typeof begun)[number] | undefined>(
      (a, b) => (a && a.began! > b.began! ? a : b),
      undefined,
    );
    for (const { identity } of running) {
      if (last && identity.generation !== last.generation) {
        broken ??= `${identity.generation} runs on what ${last.generation} has begun, at ${world.now / 1000}`;
      }
    }
  };

  const isSettled = () => {
    if (world.now < TROUBLE + TIMES.notice) return false;
    const { newest, nodes, desired } = service;
    const fresh = nodes.filter(({ identity }) => identity === newest);
    return (
      fresh.length === desired &&
      nodes.length === desired &&
      fresh.every((node) => node.answersHealth) &&
      workers.nodes.length === workers.desired &&
      workers.nodes.every((node) => node.answersHealth)
    );
  };
  await world.run(() => {
    check();
    return broken !== undefined || isSettled();
  }, END);
  const settled = isSettled();
  if (broken || !settled) {
    note(
      `${broken ?? 'did not settle'}; ${service.desired} of ${service.deployments.map(({ revision }) => revision).join()}`,
    );
    for (const node of all()) {
      trace.push(
        `${node.identity.revision} ${node.identity.generation} ${JSON.stringify({ app: node.app, h: node.answersHealth, w: (node as any).wakesAt, c: (node as any).cutUntil, asking: (node as any).gate.asking, life: (node as any).gate.life, lost: (node as any).gate.ledger?.lost })}: ${node.said.slice(-6).join(' | ')}`,
      );
    }
    trace.push(JSON.stringify([...database.rows.values()]));
  }
  return { broken, settled, trace };
}
