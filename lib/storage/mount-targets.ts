import * as efs from 'aws-cdk-lib/aws-efs';
import { referredResource, resources } from '../app-resources';

/** Where a file system of the app can be mounted, also by what is made beside it. */
export function mountTargetsOf(fileSystem: efs.IFileSystem): efs.CfnMountTarget[] {
  const made = referredResource(fileSystem.fileSystemId);
  if (!efs.CfnFileSystem.isCfnFileSystem(made)) return [];
  return resources(made, efs.CfnMountTarget.isCfnMountTarget).filter(
    ({ fileSystemId }) => referredResource(fileSystemId) === made,
  );
}
