import type { Assembly } from './assembly';
import type { Cluster } from './cluster';
import { LoadBalancer, type LoadBalancerSettings } from './load-balancer';
import { looksOften, SHORT_TIMES } from './short-times';
import { type Revision, Task } from './task';
import { until } from './waiting';

const RHYTHM = 100;

/** More than a deployment takes here, whatever happens to it. */
const PATIENCE = 600_000;

/** Of a circuit breaker, at least: half of the desired count, between 3 and 200. */
const FEWEST_FAILURES = 3;

/** A task definition made the one to run. */
export interface Deployment {
  readonly revision: Revision;
  state: 'in progress' | 'completed' | 'failed';
  /** Nodes that ended before they were healthy, one after the other. */
  failures: number;
}

/** Percentages and times by which a service replaces its nodes. */
export interface DeploymentConfiguration {
  readonly minimumHealthyPercent: number;
  readonly maximumPercent: number;
  /** In milliseconds: as long as an unhealthy node is left alone. */
  readonly grace: number;
}

/**
 * Starts and ends nodes as a service of ECS does with its rolling deployments: keeps as many of each revision as it
 * wants, replaces those that end by others of the same revision at once, ends those before only as far as enough are
 * healthy, grows both revisions in mid-deployment, and goes back when nodes of a new revision end again and again.
 */
export class Service {
  public configuration: DeploymentConfiguration;
  public readonly balancing: { -readonly [key in keyof LoadBalancerSettings]: LoadBalancerSettings[key] };
  public readonly balancer: LoadBalancer;
  public readonly revisions: Revision[] = [];
  public readonly deployments: Deployment[] = [];
  /** All that ever were. */
  public readonly tasks: Task[] = [];
  /** Called between two looks of the service, with the nodes as they are. */
  public onLook: () => void = () => {};
  private desired = 0;
  /** How many of an earlier revision are kept while a deployment goes on. */
  private readonly kept = new Map<Revision, number>();
  private timer?: NodeJS.Timeout;

  public static async start(cluster: Cluster): Promise<Service> {
    const service = new Service(cluster);
    await service.balancer.start();
    service.timer = setInterval(() => service.look(), RHYTHM);
    return service;
  }

  private constructor(private readonly cluster: Cluster) {
    this.configuration = configurationOf(cluster.assembly);
    this.balancing = { ...looksOften(cluster.balancing) };
    this.balancer = new LoadBalancer(this.balancing);
  }

  public get environment(): { readonly [name: string]: string } {
    return this.cluster.environment;
  }

  public get publicPath(): string {
    return this.cluster.publicPath;
  }

  public get now(): Deployment {
    return this.deployments[this.deployments.length - 1];
  }

  /** Those that are not being stopped. */
  public get running(): Task[] {
    return this.tasks.filter(({ isOver, isStopping }) => !isOver && !isStopping);
  }

  public of(revision: Revision): Task[] {
    return this.running.filter((task) => task.revision === revision);
  }

  public end() {
    clearInterval(this.timer);
    this.balancer.stop();
  }

  /** A new revision of the task definition, and the service is to run it. */
  public deploy(template: Omit<Revision, 'number'>): Deployment {
    const revision = { ...template, number: this.revisions.length + 1 };
    this.revisions.push(revision);
    return this.roll(revision);
  }

  /** The desired count, as scaling sets it. */
  public scale(count: number) {
    const more = count - this.desired;
    this.desired = count;
    if (this.now.state === 'in progress')
      for (const [of, kept] of this.kept) this.kept.set(of, Math.max(kept + more, 0));
  }

  /** Those that run have run for long: their grace is over. */
  public age() {
    for (const task of this.running) task.startedAt = Number.NEGATIVE_INFINITY;
  }

  /** @returns how long it took, in milliseconds */
  public settled(limit = PATIENCE): Promise<number> {
    return until(
      `the deployment of revision ${this.now.revision.number} has come to its end`,
      () => this.isSettled(),
      limit,
    );
  }

  private isSettled(): boolean {
    const nodes = this.tasks.filter(({ isOver }) => !isOver);
    return (
      nodes.length === this.desired &&
      nodes.every((task) => task.revision === this.now.revision && task.isHealthy) &&
      this.now.state !== 'in progress'
    );
  }

  private roll(revision: Revision): Deployment {
    const last = this.deployments.at(-1);
    for (const { revision: each } of this.deployments) {
      // Of one that never came to its end nothing is worth keeping.
      const isWorthKeeping = each !== revision && (last?.state === 'completed' || each !== last?.revision);
      this.kept.set(
        each,
        isWorthKeeping ? Math.min(this.kept.get(each) ?? Number.POSITIVE_INFINITY, this.of(each).length) : 0,
      );
    }
    this.kept.delete(revision);
    if (last?.state === 'in progress') last.state = 'failed';
    const deployment: Deployment = { revision, state: 'in progress', failures: 0 };
    this.deployments.push(deployment);
    return deployment;
  }

  private look() {
    if (this.deployments.length === 0) return;
    this.onLook();
    for (const task of this.tasks) if (task.hasVanished) this.lose(task);
    for (const task of this.running) {
      if (task.isHealthy && !task.wasHealthy) {
        task.wasHealthy = true;
        if (task.revision === this.now.revision) this.now.failures = 0;
      }
    }
    this.stopUnhealthy();
    this.stopUnwanted();
    this.startMissing();
    this.judge();
  }

  private lose(task: Task) {
    task.forget();
    this.cluster.options.say(`ECS: ${task.name} of revision ${task.revision.number} has ended`);
    if (task.revision === this.now.revision && !task.wasHealthy) this.now.failures += 1;
  }

  private stopUnhealthy() {
    const now = performance.now();
    const found = this.running.find((task) => task.isUnhealthy && now - task.startedAt > this.configuration.grace);
    if (found) this.stop(found, 'it is unhealthy');
  }

  private stopUnwanted() {
    const { now, desired } = this;
    const lowest = Math.ceil((desired * this.configuration.minimumHealthyPercent) / 100);
    for (const [revision, kept] of this.kept) {
      const healthy = this.of(now.revision).filter(({ isHealthy }) => isHealthy).length;
      const wanted = Math.max(0, Math.min(kept, lowest === 0 ? 0 : lowest - healthy));
      const nodes = this.of(revision).sort((one, other) => Number(one.isHealthy) - Number(other.isHealthy));
      for (const task of nodes.slice(0, Math.max(nodes.length - wanted, 0))) this.stop(task, 'it is not needed');
      this.kept.set(revision, Math.min(kept, wanted));
    }
    const surplus = this.of(now.revision).slice(desired);
    for (const task of surplus) this.stop(task, 'it is one too many');
  }

  private startMissing() {
    const room = () => Math.floor((this.desired * this.configuration.maximumPercent) / 100) - this.occupied();
    for (const [revision, wanted] of [...this.kept, [this.now.revision, this.desired] as const]) {
      while (this.of(revision).length < wanted && room() > 0) this.start(revision);
    }
  }

  /** Where nothing may be there beside another, what is stopping counts too. */
  private occupied(): number {
    if (this.configuration.maximumPercent > 100) return this.running.length;
    return this.tasks.filter(({ isOver }) => !isOver).length;
  }

  private judge() {
    const { now, desired } = this;
    if (now.state !== 'in progress') return;
    if (now.failures >= Math.max(FEWEST_FAILURES, Math.ceil(desired / 2))) {
      now.state = 'failed';
      const before = this.deployments.filter(({ state }) => state === 'completed').at(-1);
      this.cluster.options.say(`ECS: gives revision ${now.revision.number} up`);
      if (before) this.roll(before.revision);
      return;
    }
    const isOnly = this.running.every(({ revision }) => revision === now.revision);
    const healthy = this.of(now.revision).filter(({ isHealthy }) => isHealthy).length;
    if (isOnly && healthy >= desired) now.state = 'completed';
  }

  private stop(task: Task, why: string) {
    this.cluster.options.say(`ECS: stops ${task.name} of revision ${task.revision.number}: ${why}`);
    void task.stop();
  }

  private start(revision: Revision) {
    const task = new Task(revision, this.cluster);
    this.tasks.push(task);
    const { app, number, generation, environment } = revision;
    void this.cluster
      .startNode({
        app,
        balancer: this.balancer,
        environment: {
          ...SHORT_TIMES,
          LAUNCHER_GENERATION: generation,
          LAUNCHER_REVISION: String(number),
          // By this the sessions of NocoBase are known at the database; the launcher's have a name of their own.
          PGAPPNAME: `revision ${number}`,
          ...environment,
        },
      })
      .then((node) => {
        this.cluster.options.say(`ECS: has started ${node.name} of revision ${number}`);
        task.node = node;
        task.startedAt = performance.now();
        if (task.isStopping) return this.cluster.stopNode(node);
        return undefined;
      })
      .catch((error: Error) => {
        task.isOver = true;
        if (!this.cluster.isStopped) this.cluster.options.say(`ECS: could not start a node: ${error.message}`);
      });
  }
}

function configurationOf(assembly: Assembly): DeploymentConfiguration {
  const { DeploymentConfiguration: percentages, HealthCheckGracePeriodSeconds } = assembly.only('AWS::ECS::Service');
  return {
    minimumHealthyPercent: percentages.MinimumHealthyPercent,
    maximumPercent: percentages.MaximumPercent,
    grace: HealthCheckGracePeriodSeconds * 1000,
  };
}
