import type { CfnResource } from 'aws-cdk-lib';

/** All that a deployment would set on a resource, with tokens: also what was overridden, and its tags. */
export function propertiesOf(resource: CfnResource): unknown {
  // Not public in CDK, but the only place where all of them are.
  const { cfnProperties, rawOverrides } = resource as unknown as { cfnProperties: unknown; rawOverrides: unknown };
  return [cfnProperties, rawOverrides];
}
