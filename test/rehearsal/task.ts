import type { Cluster, Node } from './cluster';

/** What a node is of: the image and what the task definition says. */
export interface Revision {
  readonly number: number;
  readonly version: string;
  readonly generation: string;
  readonly app: string;
  readonly environment: { readonly [name: string]: string | undefined };
}

/** A node as ECS sees it: from the order to start it until its end is known. */
export class Task {
  /** Undefined while it is pending. */
  public node?: Node;
  /** By order. */
  public isStopping = false;
  public wasHealthy = false;
  public isOver = false;
  /** Its exit code, when it was stopped by order. */
  public code?: number | null;
  public startedAt = performance.now();

  constructor(
    public readonly revision: Revision,
    private readonly cluster: Cluster,
  ) {}

  public get isHealthy(): boolean {
    return !this.isStopping && this.node?.target.state === 'healthy';
  }

  public get isUnhealthy(): boolean {
    return !this.isStopping && this.node?.target.state === 'unhealthy';
  }

  /** It has ended by itself, or was killed by somebody else. */
  public get hasVanished(): boolean {
    return !this.isStopping && !this.isOver && this.node !== undefined && !this.node.container.isRunning;
  }

  public get name(): string {
    return this.node?.name ?? 'a pending node';
  }

  public hasSaid(what: string | RegExp): boolean {
    return this.node?.container.hasSaid(what) ?? false;
  }

  /** Out of the load balancer, TERM, and KILL when that takes too long. */
  public async stop(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    if (this.node) this.code = await this.cluster.stopNode(this.node);
    this.isOver = true;
  }

  public forget() {
    this.isOver = true;
    if (this.node) this.cluster.lose(this.node);
  }
}
