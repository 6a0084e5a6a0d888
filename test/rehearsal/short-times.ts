import type { LoadBalancerSettings } from './load-balancer';

/**
 * The times of the launcher, a tenth of what they are, and so in the same order. What NocoBase needs to start and to
 * stop is not shorter here, and the limits for that stay. DRAIN is a third: the load balancer here needs 3 s to learn of
 * a node that was taken out, as the real one may.
 */
export const SHORT_TIMES = {
  LAUNCHER_POLL: '0.2',
  LAUNCHER_LOST: '12',
  LAUNCHER_KNOWN: '2',
  LAUNCHER_KILL: '1',
  LAUNCHER_ABSENT: '30',
  LAUNCHER_LEAVE: '3.5',
  LAUNCHER_DRAIN: '6',
  LAUNCHER_UNHEALTHY_TIMEOUT: '12',
} as const;

/** A target group that looks ten times as often, with as much patience for an answer. */
export function looksOften(settings: LoadBalancerSettings): LoadBalancerSettings {
  return { ...settings, interval: settings.interval / 10 };
}
