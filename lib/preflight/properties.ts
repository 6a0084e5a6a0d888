import type { CfnResource } from 'aws-cdk-lib';

interface Properties {
  readonly tags?: unknown;
}

/** All that a deployment would set on a resource, with tokens: also what was overridden, and its tags. */
export function propertiesOf(resource: CfnResource): readonly [properties: Properties, overrides: object] {
  // Not public in CDK, but the only place where all of them are.
  const { cfnProperties, rawOverrides } = resource as unknown as { cfnProperties: Properties; rawOverrides: object };
  return [cfnProperties, rawOverrides];
}
