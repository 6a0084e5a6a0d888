import type { Properties, Template } from './template';

/**
 * How long a new ECS service takes to be stable: one node (the scalable target,
 * for which nothing waits, raises the number afterwards), which installs NocoBase.
 */
export function firstNode(service: Properties, template: Template): { readonly [what: string]: number } {
  return {
    // A service whose small image is healthy at once took 61 to 91 s in logs of `cdk deploy`.
    'Fargate and ECS': 60,
    // An estimate: the image has Node, nginx, clients of PostgreSQL and the application, and comes through NAT.
    'pull of the image': 45,
    // 12 s of the image's entry point and 26 s of installation, measured on two cores; more for one and for a licence.
    'installation of NocoBase': 60,
    'health checks': Math.max(targetChecks(service, template), containerCheck(service, template)),
  };
}

/** As many good answers as the load balancer wants before it sends requests. */
function targetChecks({ LoadBalancers }: Properties, template: Template): number {
  const targetGroup = referred(template, LoadBalancers?.[0]?.TargetGroupArn);
  // Elastic Load Balancing's own defaults for a target group that says nothing.
  const { HealthCheckIntervalSeconds = 30, HealthyThresholdCount = 5 } = targetGroup ?? {};
  return targetGroup === undefined ? 0 : HealthCheckIntervalSeconds * HealthyThresholdCount;
}

/** One good answer is enough for ECS. */
function containerCheck({ TaskDefinition }: Properties, template: Template): number {
  return referred(template, TaskDefinition)?.ContainerDefinitions?.[0]?.HealthCheck?.Interval ?? 0;
}

function referred({ Resources }: Template, reference: { Ref?: string } | undefined): Properties | undefined {
  return reference?.Ref === undefined ? undefined : Resources[reference.Ref]?.Properties;
}
