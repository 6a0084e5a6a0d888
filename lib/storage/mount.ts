import { Token } from 'aws-cdk-lib';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { SharedStorageBinding } from './shared-storage';

/** What a node does with its storage. The image runs as root. */
export const CLIENT_ACTIONS = [
  'elasticfilesystem:ClientMount',
  'elasticfilesystem:ClientWrite',
  'elasticfilesystem:ClientRootAccess',
];

export function throughAccessPoint({ accessPointArn }: efs.IAccessPoint) {
  return { StringEquals: { 'elasticfilesystem:AccessPointArn': accessPointArn } };
}

/** How nodes mount a file system: encrypted, with their role, through an access point. */
export function mountedBy(fileSystem: efs.IFileSystem, accessPoint: efs.IAccessPoint): SharedStorageBinding {
  return {
    fileSystem,
    accessPoint,
    contribution: {},
    volume: {
      fileSystemId: fileSystem.fileSystemId,
      transitEncryption: 'ENABLED',
      authorizationConfig: { accessPointId: accessPoint.accessPointId, iam: 'ENABLED' },
    },
    // `grantRootAccess` cannot be limited to an access point; this is the same, limited.
    nodePolicies: [
      new iam.PolicyStatement({
        sid: 'MountSharedStorage',
        actions: CLIENT_ACTIONS,
        resources: [fileSystem.fileSystemArn],
        conditions: throughAccessPoint(accessPoint),
      }),
    ],
    connections: fileSystem.connections,
    // A node refers to the file system, not to its mount targets.
    startAfter: [fileSystem.mountTargetsAvailable],
    claims: { files: `EFS ${fileSystem.fileSystemId}, ${folderOf(accessPoint)}` },
  };
}

/** What it is the root of, where this app makes it. */
function folderOf({ node, accessPointId }: efs.IAccessPoint): string {
  const resource = node.defaultChild;
  if (!efs.CfnAccessPoint.isCfnAccessPoint(resource)) return `access point ${accessPointId}`;
  const root = resource.rootDirectory as efs.CfnAccessPoint.RootDirectoryProperty | undefined;
  return root !== undefined && Token.isUnresolved(root) ? `access point ${accessPointId}` : `path ${root?.path ?? '/'}`;
}
