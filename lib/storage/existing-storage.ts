import { type ResourceEnvironment, Token, Validations } from 'aws-cdk-lib';
import * as efs from 'aws-cdk-lib/aws-efs';
import { Construct } from 'constructs';
import { areDifferent, pathOf } from '../app-resources';
import { checkConstruct, checkRequiredConstruct } from '../given';
import { invalidProp, isKnown, isPending } from '../invalid-prop';
import { checkHere } from '../same-region';
import { templateProperties } from '../template-properties';
import { CLIENT_ACTIONS, mountedBy } from './mount';
import { mountTargetsOf } from './mount-targets';
import type { SharedStorageBinding } from './shared-storage';

/**
 * A file system that is there already: either an access point or a path of it.
 *
 * Nodes mount with their role, over TLS, as root, through the access point, and
 * the role is allowed to. What the file system says about it itself is up to
 * you. Without a policy everybody who reaches it may mount it. With one that
 * denies something, the nodes must be left this:
 *
 * ```json
 * {
 *   "Effect": "Allow",
 *   "Principal": { "AWS": "arn:aws:iam::<account>:root" },
 *   "Action": [
 *     "elasticfilesystem:ClientMount",
 *     "elasticfilesystem:ClientWrite",
 *     "elasticfilesystem:ClientRootAccess"
 *   ],
 *   "Condition": { "Bool": { "aws:SecureTransport": "true" } }
 * }
 * ```
 */
export interface ExistingStorage {
  /**
   * The file system, with a mount target in each availability zone that nodes are
   * in. Its security group lets the nodes in on port 2049; an imported one is
   * given with it: `FileSystem.fromFileSystemAttributes(this, id, { fileSystemId, securityGroup })`.
   */
  readonly fileSystem: efs.IFileSystem;

  /**
   * The access point that nodes mount. It has to act as root (uid and gid 0),
   * as the image does.
   *
   * @default - one is made for `path`
   */
  readonly accessPoint?: efs.IAccessPoint;

  /**
   * The directory that becomes `/app/nocobase/storage`: an access point is made
   * for it, of at most four folders and 100 characters, without slash at the end.
   * It is created when it is not there. What a NocoBase has left in it
   * counts: a `jwt_secret.dat` in there signs tokens in place of `APP_KEY`.
   *
   * @default - the directory of `accessPoint`
   */
  readonly path?: string;
}

/** As in the docs above. */
const STATEMENT = JSON.stringify({
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::<account>:root' },
  Action: CLIENT_ACTIONS,
  Condition: { Bool: { 'aws:SecureTransport': 'true' } },
});

export function existingStorage(scope: Construct, given: ExistingStorage): SharedStorageBinding {
  const storage = new Construct(scope, 'Storage');
  const ofFileSystem = 'FileSystem.fromFileSystemAttributes(this, id, …)';
  checkRequiredConstruct(storage, 'storage.fileSystem', given?.fileSystem, ofFileSystem);
  const { fileSystem, accessPoint, path } = given;
  if (accessPoint !== undefined) {
    const imported = 'AccessPoint.fromAccessPointAttributes(this, id, …)';
    checkConstruct(storage, 'storage.accessPoint', accessPoint, imported);
  }
  if ((accessPoint === undefined) === (path === undefined)) {
    throw invalidProp(storage, {
      prop: 'storage',
      problem: `needs either an \`accessPoint\` or a \`path\` of the file system, got: ${path === undefined ? 'none' : 'both'}`,
      remedy: `Name the directory, e.g. path: '/nocobase', and an access point is made for it. A policy of the file system must leave the nodes ${STATEMENT}`,
    });
  }
  checkFileSystem(storage, fileSystem);
  if (accessPoint) {
    checkAccessPoint(storage, fileSystem, accessPoint);
    return mountedBy(fileSystem, accessPoint);
  }
  checkPath(storage, path!);
  return mountedBy(
    fileSystem,
    new efs.AccessPoint(storage, 'AccessPoint', {
      fileSystem,
      path,
      posixUser: { uid: '0', gid: '0' },
      createAcl: { ownerUid: '0', ownerGid: '0', permissions: '755' },
    }),
  );
}

function checkPath(storage: Construct, path: string) {
  if (!isKnown(path)) return;
  const problem = wrongWith(path);
  if (problem !== undefined) {
    throw invalidProp(storage, {
      prop: 'storage.path',
      problem: `'${path}' ${problem}`,
      remedy: "Write e.g. '/nocobase', at most four folders and 100 characters",
    });
  }
}

/** What EFS does not take, by the pattern in the reference of AWS::EFS::AccessPoint. */
function wrongWith(path: string): string | undefined {
  if (path === '/') return undefined;
  const folders = path.split('/').slice(1);
  if (!path.startsWith('/')) return 'does not begin with a slash';
  if (path.endsWith('/')) return 'ends in a slash, which EFS does not take';
  if (path.length > 100) return `has ${path.length} characters, and EFS takes 100`;
  if (folders.length > 4) return `has ${folders.length} folders, and EFS takes four`;
  if (folders.includes('')) return 'has a folder without a name';
  if (folders.some((folder) => folder.startsWith('.')))
    return 'has a folder that begins with a dot, as EFS allows none';
  const [character] = /[$#<>;`|&?{}^*\n]/.exec(path) ?? [];
  return character && `has ${JSON.stringify(character)} in it, which EFS does not take`;
}

function checkFileSystem(storage: Construct, fileSystem: efs.IFileSystem) {
  const remedy =
    'ECS mounts file systems of its own region and account only: replicate it there (EFS replication), or give one that is there';
  checkHere(storage, 'storage.fileSystem', environmentOf(fileSystem), () => remedy);
  if (fileSystem.connections.securityGroups.some((group) => group === undefined)) {
    throw invalidProp(storage, {
      prop: 'storage.fileSystem',
      problem: `${fileSystem.node.path} was imported without a security group, so nodes cannot be let in`,
      remedy: 'Import it with that of its mount targets: fromFileSystemAttributes({ fileSystemId, securityGroup })',
    });
  }
  // More is known of what this app makes.
  const resource = fileSystem.node.defaultChild;
  if (!efs.CfnFileSystem.isCfnFileSystem(resource)) return;
  const inOneZone = invalidProp(storage, {
    prop: 'storage.fileSystem',
    problem: `${fileSystem.node.path} can be mounted in one availability zone only, and nodes are in two or more`,
    remedy: 'Give it a mount target in each zone of the nodes (`vpcSubnets`), and leave `oneZone` out',
  });
  if (resource.availabilityZoneName !== undefined) throw inOneZone;
  storage.node.addValidation({
    validate: () => {
      warnWithoutEncryption(storage, resource);
      const targets = mountTargetsOf(fileSystem);
      return targets.length === 1 && !isPending(targets[0].subnetId) ? [inOneZone.message] : [];
    },
  });
}

function warnWithoutEncryption(storage: Construct, fileSystem: efs.CfnFileSystem) {
  const { Encrypted = false } = templateProperties(fileSystem);
  if (Encrypted === false) {
    Validations.of(storage).addWarning(
      'cdk-nocobase:storage-not-encrypted',
      `${pathOf(fileSystem)} is not encrypted at rest, and NocoBase keeps key files and the licence in it. Encryption cannot be switched on later: copy the files to one that is (encrypted: true).`,
    );
  }
}

/** One that was imported by its ARN takes the stack for its own, whatever the ARN says. */
function environmentOf({ env, fileSystemArn }: efs.IFileSystem): ResourceEnvironment {
  if (Token.isUnresolved(fileSystemArn)) return env;
  const [, , , region, account] = fileSystemArn.split(':');
  return { account, region };
}

function checkAccessPoint(storage: Construct, fileSystem: efs.IFileSystem, accessPoint: efs.IAccessPoint) {
  const other = fileSystemOf(accessPoint);
  if (
    other !== undefined &&
    areDifferent(efs.CfnFileSystem.isCfnFileSystem, other.fileSystemId, fileSystem.fileSystemId)
  ) {
    throw invalidProp(storage, {
      prop: 'storage.accessPoint',
      problem: `${accessPoint.node.path} is one of ${other.node.path}, and \`storage.fileSystem\` is ${fileSystem.node.path}`,
      remedy: 'Give the file system that it is of',
    });
  }
  const resource = accessPoint.node.defaultChild;
  if (!efs.CfnAccessPoint.isCfnAccessPoint(resource)) return;
  const user = resource.posixUser as efs.CfnAccessPoint.PosixUserProperty | undefined;
  if (user === undefined || Token.isUnresolved(user)) return;
  const ids = [user.uid, user.gid];
  if (ids.some((id) => !Token.isUnresolved(id) && id !== '0')) {
    const [uid, gid] = ids.map((id) => (Token.isUnresolved(id) ? '(a token)' : id));
    throw invalidProp(storage, {
      prop: 'storage.accessPoint',
      problem: `acts as user ${uid} and group ${gid}, and NocoBase's image runs as root and hands files to others`,
      remedy: "Give it posixUser: { uid: '0', gid: '0' }, or give `path` in its place",
    });
  }
}

/** One that was imported without it throws. */
function fileSystemOf(accessPoint: efs.IAccessPoint): efs.IFileSystem | undefined {
  try {
    return (accessPoint as efs.AccessPoint).fileSystem;
  } catch {
    return undefined;
  }
}
