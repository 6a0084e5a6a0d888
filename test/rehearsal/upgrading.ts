import * as path from 'node:path';
import { Api } from './api';
import { Contents, upgradeProblem } from './contents';
import { type Answer, failingTimes, failures, Load, longestOutage, summary } from './load';
import { MARKS, nextVersion, versionAfter } from './next-version';
import type { Stage } from './scenario';
import { Service } from './service';
import type { Revision, Task } from './task';
import { seconds, until } from './waiting';
import { type Testimony, Witness } from './witness';

type Template = Omit<Revision, 'number'>;

/** Nodes of one service with something in the database, and all that watches them. */
export class Upgrading {
  /** As many healthy nodes as asked for. Goes on with those of the scenario before, where there are any. */
  public static async of(stage: Stage, nodes = 3): Promise<Upgrading> {
    const { cluster } = stage;
    if (cluster.service && (await canSignIn(cluster.service))) {
      const upgrading = new Upgrading(stage, cluster.service);
      await upgrading.settle(nodes);
      return upgrading;
    }
    const upgrading = await Upgrading.from(stage, {
      version: cluster.assembly.version(),
      generation: cluster.environment.LAUNCHER_GENERATION,
      app: cluster.app,
      environment: {},
    });
    await upgrading.settle(nodes);
    return upgrading;
  }

  /** A new service, without nodes yet. */
  public static async from(stage: Stage, first: Template): Promise<Upgrading> {
    const { cluster } = stage;
    await cluster.reset();
    cluster.service = await Service.start(cluster);
    cluster.service.deploy(first);
    return new Upgrading(stage, cluster.service);
  }

  private contents!: Contents;
  private load?: Load;
  private witness?: Witness;

  private constructor(
    public readonly stage: Stage,
    public readonly service: Service,
  ) {}

  /** Waits for so many healthy nodes, and puts something into their database. */
  public async settle(nodes: number): Promise<void> {
    const { service } = this;
    this.stage.say(`${nodes} nodes of ${service.now.revision.version} …`);
    // A new service begins with one.
    if (service.running.length === 0) {
      service.scale(1);
      await service.settled();
    }
    service.scale(nodes);
    await service.settled();
    await until('users can sign in', () => canSignIn(service));
    const ports = service.running.map(({ node }) => node!.port);
    this.contents = await Contents.of(service, this.stage.cluster.database, ports);
  }

  /** The same image with other variables. */
  public like({ version, generation, app, environment }: Template, changes: Revision['environment'] = {}): Template {
    return { version, generation, app, environment: { ...environment, ...changes } };
  }

  /** An image of the version after the last. */
  public async next(environment: Revision['environment'] = {}): Promise<Template> {
    const { cluster } = this.stage;
    const versions = this.service.revisions.map(({ version }) => version);
    const latest = versions.sort((one, other) => one.localeCompare(other, 'en', { numeric: true })).at(-1)!;
    const version = versionAfter(latest);
    this.stage.say(`Making an image of ${version}, with a migration that marks the database …`);
    const app = await nextVersion(cluster.image, path.join(cluster.options.folder, `nocobase-${version}`), version);
    const base = cluster.assembly.version();
    const { LAUNCHER_GENERATION, LAUNCHER_IMAGE } = cluster.environment;
    return {
      version,
      app,
      generation: LAUNCHER_GENERATION.replace(base, version),
      environment: { LAUNCHER_IMAGE: LAUNCHER_IMAGE.replace(base, version), ...environment },
    };
  }

  /** From here on users are at work, and somebody watches. */
  public async watch(): Promise<void> {
    this.witness = new Witness(this.stage.cluster, this.service);
    this.load = await Load.begin(this.service);
  }

  /** What was seen since `watch`, against what is always expected. @param version that has been upgraded to @param changing tables that are to have other rows now */
  public async judge(
    what: string,
    version: string | undefined,
    changing: readonly string[] = [],
  ): Promise<{ answers: readonly Answer[] } & Testimony> {
    const { cluster, expect } = this.stage;
    const answers = await this.load!.stop();
    const testimony = await this.witness!.stop();
    if (failures(answers).length > 0) this.stage.say(`Requests failed ${failingTimes(answers)} after the first`);
    expect(
      `${what}: one generation at every instant`,
      testimony.problem || `${testimony.samples} looks at the database, ${testimony.runs.length} runs of NocoBase`,
      testimony.problem === '' && testimony.samples > 0,
    );
    const changed = await this.contents.problem(answers, changing);
    expect(`${what}: everything is there, and nothing twice`, changed || (await this.contents.summary()), !changed);
    if (version !== undefined) {
      const problem = await upgradeProblem(cluster.database, version);
      expect(`${what}: the upgrade to ${version} is in the database once`, problem || 'once', !problem);
    }
    expect(
      `${what}: time without service`,
      `${seconds(longestOutage(answers))}; ${summary(answers)}`,
      failures(answers).length < answers.length,
    );
    return { answers, ...testimony };
  }

  /** Waits for what a node of a revision says. */
  public async said(revision: Revision, what: string | RegExp): Promise<Task> {
    let found: Task | undefined;
    await until(`a node of revision ${revision.number} says ${what}`, () => {
      found = this.service.of(revision).find((task) => task.hasSaid(what));
      return found !== undefined;
    });
    return found!;
  }

  /** Waits until the migration of a version is in its middle. */
  public async migrates(version: string): Promise<void> {
    const { database } = this.stage.cluster;
    const find = `SELECT version FROM ${MARKS} WHERE version = '${version}' AND ended IS NULL`;
    await until(`${version} migrates`, () =>
      database.query(find).then(
        ({ length }) => length > 0,
        () => false,
      ),
    );
  }

  /** As `kill -9` of all that is in it, or the loss of the machine. */
  public kill(task: Task, when: string) {
    this.stage.say(`${task.name} is killed ${when} …`);
    task.node!.container.kill();
  }

  /** As many as ever began something, by what they say. */
  public begun(revision: Revision): number {
    return this.service.tasks.filter((task) => task.revision === revision && task.hasSaid(/\] begins "/)).length;
  }
}

function canSignIn(service: Service): Promise<boolean> {
  return Api.signIn(service).then(
    () => true,
    () => false,
  );
}
