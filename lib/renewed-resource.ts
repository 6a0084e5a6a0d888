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
  resource.overrideLogicalId(
    // Resolved on its own: what the inputs refer to is not a reference of this resource.
    Lazy.uncachedString({ produce: () => `${stem.slice(-200)}${hash(stack.resolve(inputs()))}` }),
  );
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
