import { type CfnResource, Stack } from 'aws-cdk-lib';

/**
 * The properties of a resource of the app as its template has them, whoever has
 * set them: asked too early, what an override or an Aspect sets later is missing.
 */
export function templateProperties(resource: CfnResource): { readonly [name: string]: unknown } {
  const { Resources } = Stack.of(resource).resolve(resource._toCloudFormation());
  const [rendered] = Object.values<{ Properties?: { [name: string]: unknown } }>(Resources ?? {});
  return rendered?.Properties ?? {};
}
