import { allTasksOf, fleetsOf, isGone } from '../operations/fleets';
import { until } from '../operations/terminal';
import { Refusal } from '../refusal';
import type { Context } from './context';

/**
 * ECS does not give up by itself: the deployment was through at no nodes, so that its circuit breaker is off. A node of
 * the version that has run on this database has nothing to upgrade, and is healthy in minutes.
 */
const MINUTES = 15;
const STOPPED_AT_MOST = 3;

/** Until a web node of the version before is healthy. */
export async function untilHealthy({ aws, io, cluster }: Context) {
  const since = io.now().getTime();
  let before: ReadonlySet<string> | undefined;
  await until(io, async () => {
    const [web] = await fleetsOf(aws, cluster);
    const { service, running, desired, deployments, taskDefinition } = web!;
    const tasks = await allTasksOf(aws, cluster.ecsCluster, service);
    const stopped = tasks.filter(isGone).map(({ taskArn = '' }) => taskArn);
    before ??= new Set(stopped);
    const isGood = tasks.some(
      ({ healthStatus, lastStatus, taskDefinitionArn }) =>
        healthStatus === 'HEALTHY' && lastStatus === 'RUNNING' && taskDefinitionArn === taskDefinition,
    );
    if (isGood) return { seen: `a node is healthy; ${running} of ${desired} run`, done: true };
    const failed = stopped.filter((task) => !before!.has(task)).length;
    const isGivenUp = deployments.some(({ status, rolloutState }) => status === 'PRIMARY' && rolloutState === 'FAILED');
    if (isGivenUp || failed >= STOPPED_AT_MOST || io.now().getTime() - since >= MINUTES * 60_000) {
      const why = isGivenUp
        ? 'ECS has given up'
        : failed >= STOPPED_AT_MOST
          ? `${failed} have stopped`
          : `none was in ${MINUTES} minutes`;
      throw new Refusal(
        `The nodes of ${service} do not get healthy: ${why}. The database is restored.`,
        `Their log says why: aws logs tail ${cluster.logGroup} --since 30m. Mend that, then run this again.`,
      );
    }
    return { seen: `nodes start: ${running} of ${desired} run, none is healthy yet` };
  });
}
