import { createHash } from 'node:crypto';
import { Aspects, type CfnResource, type IAspect, type IResolveContext, Lazy, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/**
 * Gives a resource a logical id that changes with what it is made of, as
 * `lambda.Version` has: a change makes a new one beside the old one, which goes
 * when the deployment has succeeded. It is never updated and never replaced.
 */
export function renewWith(resource: CfnResource, inputs: () => unknown) {
  const stack = Stack.of(resource);
  const stem = stack.getLogicalId(resource);
  // Before synthesis the inputs must not be looked at: what is produced late would stay as it is then, e.g. a list of
  // containers without the one that is added afterwards. Aspects are the first step of a synthesis, and this one is the
  // first of them, on a construct of its own: it is in nobody's way. Validations are the last step before templates are
  // written, where the id is asked for time and again.
  let isMade = false;
  let isFinal = false;
  let id: string | undefined;
  const made = new Construct(resource, 'Made');
  const seeItMade: IAspect = {
    visit: () => {
      isMade = true;
      isFinal = false;
      id = undefined;
    },
  };
  Aspects.of(made).add(seeItMade, { priority: 0 });
  made.node.addValidation({
    validate: () => {
      isFinal = true;
      return [];
    },
  });
  const logicalId = ({ preparing }: IResolveContext) => {
    // Of what is resolved in preparation CDK takes the references only.
    if (!isMade || preparing) return stem;
    const current = id ?? `${stem.slice(-200)}${hash(stack.resolve(inputs()))}`;
    if (isFinal) id = current;
    return current;
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
