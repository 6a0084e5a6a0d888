/** The web nodes: they serve requests and do background work. */
export interface WebProps {
  /**
   * Nodes that always run. At least 2, in two availability zones; exactly 1
   * while the plug-ins are pending.
   *
   * @default - 2; 1 while the plug-ins are pending
   */
  readonly minNodes?: number;

  /**
   * Nodes up to which the fleet grows by CPU load (target 60%). NocoBase has 32
   * worker ids for all processes of a cluster, those of stopping nodes
   * included.
   *
   * @default - 4, or `minNodes` if that is more; 1 while the plug-ins are pending
   */
  readonly maxNodes?: number;

  /**
   * CPU units of a node: 1024 is one vCPU. NocoBase recommends 2048. On Fargate
   * 1024, 2048, 4096, 8192 or 16384; on instances 1024 or more.
   *
   * @default 2048
   */
  readonly cpu?: number;

  /**
   * Memory of a node in MiB. A process of NocoBase takes about 500 MiB after its
   * start, what surrounds it 200 MiB. On Fargate what goes with `cpu`: with 2048
   * from 4096 to 16384 in steps of 1024.
   *
   * @default 4096
   */
  readonly memoryLimitMiB?: number;

  /**
   * Processes of NocoBase on one node (`CLUSTER_MODE`). Each holds a worker id.
   *
   * @default 1
   */
  readonly processes?: number;

  /**
   * How many nodes may run during a deployment, in percent of the desired
   * count: 100 to 200.
   *
   * @default - 200, or as much less as the worker ids ask for
   */
  readonly maximumPercent?: number;
}
