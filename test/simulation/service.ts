import type { Database } from './database';
import { type Deployment, Node, type TIMES } from './node';
import type { World } from './world';

/** How many starts of a deployment may fail before ECS gives it up. */
const BREAKER = 4;

/**
 * An ECS service as nodes experience it: starts the ended ones again, those of
 * the old revision too while a deployment is under way, stops the old ones when
 * the new ones are healthy, and goes back when the new ones fail.
 */
export class Service {
  public nodes: Node[] = [];
  public deployments: Deployment[] = [];
  /** Given up and rolled back. */
  public readonly failed: Deployment[] = [];
  private failures = 0;
  private steady?: Deployment;

  constructor(
    private readonly world: World,
    private readonly database: Database,
    private readonly times: typeof TIMES,
    public desired: number,
  ) {}

  public get newest(): Deployment {
    return this.deployments[this.deployments.length - 1];
  }

  public deploy(deployment: Deployment) {
    this.deployments.push(deployment);
    this.failures = 0;
    for (let i = 0; i < this.desired; i++) this.startLater(deployment, 5000);
  }

  private startLater(deployment: Deployment, most: number) {
    this.world.at(this.world.now + this.world.between(0, most), () => this.start(deployment));
  }

  private start(deployment: Deployment) {
    if (!this.deployments.includes(deployment)) return;
    const ofIt = this.nodes.filter(({ identity }) => identity === deployment);
    if (ofIt.length >= this.desired) return;
    const fresh = this.nodes.filter(({ identity }) => identity === this.newest).length;
    // What is left of 200% when the newest has what it needs.
    const room = this.desired * 2 - this.nodes.length - (deployment === this.newest ? 0 : this.desired - fresh);
    if (room <= 0) {
      // Those that are not healthy make room for the newest.
      if (deployment === this.newest)
        this.nodes.find(({ identity, answersHealth }) => identity !== this.newest && !answersHealth)?.stop();
      return;
    }
    this.nodes.push(new Node(this.world, this.database, deployment, this.times, (node) => this.ended(node)));
  }

  private ended(node: Node) {
    this.nodes = this.nodes.filter((other) => other !== node);
    const { identity } = node;
    if (!this.deployments.includes(identity)) return;
    if (identity === this.newest && this.deployments.length > 1 && ++this.failures >= BREAKER) return this.rollBack();
    this.startLater(identity, 8000);
  }

  /** To the last deployment that succeeded. */
  private rollBack() {
    const good = this.steady ?? this.deployments[0];
    this.failed.push(...this.deployments.filter((deployment) => deployment !== good));
    this.deployments = [good];
    this.failures = 0;
    for (const node of this.nodes.filter(({ identity }) => identity !== good)) node.stop();
    for (let i = 0; i < this.desired; i++) this.startLater(good, 5000);
  }

  /** Every now and then, as ECS does. */
  public look() {
    const fresh = this.nodes.filter(({ identity }) => identity === this.newest);
    if (fresh.filter((node) => node.answersHealth).length >= this.desired) {
      // The deployment has succeeded.
      this.steady = this.newest;
      this.deployments = [this.newest];
      for (const node of this.nodes.filter(({ identity }) => identity !== this.newest)) node.stop();
    }
    const old = this.nodes.filter(({ identity }) => identity !== this.newest);
    const unhealthyFirst = (nodes: Node[]) => nodes.sort((a, b) => Number(b.answersHealth) - Number(a.answersHealth));
    for (const nodes of [fresh, old]) {
      for (const surplus of unhealthyFirst(nodes).slice(this.desired)) surplus.stop();
    }
    for (const deployment of this.deployments) this.start(deployment);
  }
}
