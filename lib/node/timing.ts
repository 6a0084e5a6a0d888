import { Duration } from 'aws-cdk-lib';

/** The port of NocoBase's own gateway. The image's nginx on port 80 would cut silent WebSockets after 60 s. */
export const NODE_PORT = 13000;

/**
 * The times of a node and of the load balancer in front of it. They belong
 * together, which test/node/timing.test.ts states.
 */
export const TIMING = {
  /** How long the load balancer keeps a silent connection; NocoBase's WebSocket client pings every 300 s. */
  idleTimeout: Duration.seconds(360),

  /** How long a node keeps a silent connection. Longer than the load balancer, or that one sends into a closed one. */
  keepAlive: Duration.seconds(370),

  /** Health checks: two good ones to come in, six bad ones (30 s) to go out, which an ordinary plug-in activation (8-14 s) does not reach. */
  healthInterval: Duration.seconds(5),
  healthTimeout: Duration.seconds(4),
  healthyThreshold: 2,
  unhealthyThreshold: 6,

  /** How long a node that leaves for another version answers its health check with 503 before it drains: six bad ones, and one in reserve. */
  leave: Duration.seconds(35),

  /** How long a stopping node goes on serving while the load balancer takes it out. */
  drain: Duration.seconds(20),

  /** From TERM to KILL: drain, then up to 14 s that NocoBase takes with open WebSockets, and a reserve. */
  stop: Duration.seconds(60),

  /** How long a start may take that does not install or upgrade. */
  start: Duration.minutes(5),

  /** How long a node that was healthy may be unhealthy before it ends itself. */
  unhealthy: Duration.minutes(2),
} as const;
