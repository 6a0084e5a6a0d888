import { createHash } from 'node:crypto';
import { type CfnResource, Lazy, Stack } from 'aws-cdk-lib';

/**
 * Gives a resource a logical id that changes with what it is made of, as
 * `lambda.Version` has: a change makes a new one beside the old one, which goes
 * when the deployment has succeeded. It is never updated and never replaced.
 */
export function renewWith(resource: CfnResource, inputs: () => unknown) {
  const stack = Stack.of(resource);
  const stem = stack.getLogicalId(resource);
  let known: string | undefined;
  const logicalId = () => {
    // Resolved on its own: what the inputs refer to is not a reference of this resource.
    const id = known ?? `${stem.slice(-200)}${hash(stack.resolve(inputs()))}`;
    // While the template is written nothing changes any more, and all that depends on the resource asks.
    if (resource.node.locked && known === undefined) {
      known = id;
      queueMicrotask(() => {
        known = undefined;
      });
    }
    return id;
  };
  resource.overrideLogicalId(Lazy.uncachedString({ produce: logicalId }));
}

/** The same for equal values, in whatever order their keys were written. */
function hash(value: unknown): string {
  const canonical = JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16);
}
