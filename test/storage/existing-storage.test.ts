import { App, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as efs from 'aws-cdk-lib/aws-efs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { ClusterPlugins, type ExistingStorage, NocoBaseCluster, SharedStorage } from '../../lib';
import { only, render, synthesize } from '../cluster-fixture';
import { newPlace, rendered, warnings } from '../part-fixture';

type Make = (stack: Stack, vpc: ec2.IVpc) => Partial<ExistingStorage>;

function bind(make: Make, env?: { account: string; region: string }) {
  const { stack, vpc, context } = newPlace({ env });
  const given = make(stack, vpc);
  const binding = SharedStorage.existing({ fileSystem: imported(stack), ...given }).bind(stack, context);
  return { stack, binding };
}

function imported(stack: Stack, id = 'Imported', fileSystemId = 'fs-1'): efs.IFileSystem {
  return efs.FileSystem.fromFileSystemAttributes(stack, id, {
    fileSystemId,
    securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, `${id}Group`, 'sg-1'),
  });
}

const made = (stack: Stack, vpc: ec2.IVpc, props: Partial<efs.FileSystemProps> = {}) =>
  new efs.FileSystem(stack, 'Company', { vpc, encrypted: true, ...props });

describe('a path', () => {
  const { stack, binding } = bind(() => ({ path: '/nocobase' }));
  const template = Template.fromStack(stack);

  test('is mounted through an access point that is made for it, as root', () => {
    const { id, properties } = only(template, 'AWS::EFS::AccessPoint');
    expect(properties).toMatchObject({
      FileSystemId: 'fs-1',
      PosixUser: { Uid: '0', Gid: '0' },
      RootDirectory: { Path: '/nocobase', CreationInfo: { OwnerUid: '0', OwnerGid: '0', Permissions: '755' } },
    });
    expect(stack.resolve(binding.volume)).toEqual({
      fileSystemId: 'fs-1',
      transitEncryption: 'ENABLED',
      authorizationConfig: { accessPointId: { Ref: id }, iam: 'ENABLED' },
    });
  });

  test('needs no file system of ours, and is claimed', () => {
    template.resourceCountIs('AWS::EFS::FileSystem', 0);
    expect(binding.claims).toEqual({ files: 'EFS fs-1, path /nocobase' });
    expect(warnings(stack)).toEqual([]);
  });

  test('of two clusters is refused', () => {
    const cluster = (of: Stack, id: string, path: string) => {
      const storage = SharedStorage.existing({ fileSystem: imported(of, `${id}Files`), path });
      const vpc = (of.node.tryFindChild('Vpc') as ec2.Vpc) ?? new ec2.Vpc(of, 'Vpc', { maxAzs: 2 });
      return new NocoBaseCluster(of, id, { vpc, storage, plugins: ClusterPlugins.preinstalled() });
    };
    const of = new Stack(new App(), 'Prod');
    cluster(of, 'A', '/a');
    expect(() => cluster(of, 'B', '/b')).not.toThrow();
    expect(() => cluster(of, 'C', '/a')).toThrow('`storage` has its files in EFS fs-1, path /a, where [Prod/A]');
    expect(() => cluster(of, 'D', '/')).toThrow(
      '`storage` has its files in EFS fs-1, path /, where [Prod/A] has its files already (EFS fs-1, path /a)',
    );
    expect(() => cluster(of, 'E', '/a/b')).toThrow('EFS fs-1, path /a/b, where [Prod/A]');
    expect(() => cluster(of, 'F', '/ab')).not.toThrow();
  });

  test('is also what an access point of the app leads to', () => {
    const { binding: other } = bind((of, vpc) => {
      const fileSystem = made(of, vpc);
      return {
        fileSystem,
        accessPoint: fileSystem.addAccessPoint('AccessPoint', { path: '/crm', posixUser: { uid: '0', gid: '0' } }),
      };
    });
    expect(other.claims!.files).toMatch(/^EFS .*, path \/crm$/);
  });
});

test('an access point is mounted as it is, and claimed', () => {
  const { stack, binding } = bind((of) => ({
    accessPoint: efs.AccessPoint.fromAccessPointId(of, 'AccessPoint', 'fsap-1'),
  }));
  Template.fromStack(stack).resourceCountIs('AWS::EFS::AccessPoint', 0);
  expect(binding.volume.authorizationConfig).toEqual({ accessPointId: 'fsap-1', iam: 'ENABLED' });
  expect(binding.claims).toEqual({ files: 'EFS fs-1, access point fsap-1' });
});

test('the nodes may mount it as root through the access point, and not otherwise', () => {
  const { stack, binding } = bind((of) => ({
    accessPoint: efs.AccessPoint.fromAccessPointId(of, 'AccessPoint', 'fsap-1'),
  }));
  const [statement] = binding.nodePolicies!.map((policy) => stack.resolve(policy.toStatementJson()));
  expect(statement.Action).toEqual([
    'elasticfilesystem:ClientMount',
    'elasticfilesystem:ClientWrite',
    'elasticfilesystem:ClientRootAccess',
  ]);
  expect(render(statement.Resource)).toMatch(/file-system\/fs-1$/);
  expect(render(statement.Condition.StringEquals['elasticfilesystem:AccessPointArn'])).toMatch(/access-point\/fsap-1$/);
});

test('nodes are let in on its port, and start when it can be mounted', () => {
  const stack = new Stack(new App(), 'Prod');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const storage = SharedStorage.existing({ fileSystem: made(stack, vpc), path: '/nocobase' });
  new NocoBaseCluster(stack, 'NocoBase', { vpc, storage, plugins: ClusterPlugins.preinstalled() });
  const template = Template.fromStack(stack);
  const targets = Object.keys(template.findResources('AWS::EFS::MountTarget'));
  expect(targets).toHaveLength(2);
  expect(only(template, 'AWS::ECS::Service').resource.DependsOn).toEqual(expect.arrayContaining(targets));
  const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).filter(({ Properties }) =>
    JSON.stringify(Properties.GroupId).includes('CompanyEfsSecurityGroup'),
  );
  expect(rules.map(({ Properties }) => Properties.FromPort)).toEqual([2049]);
});

test('file system, access point and path may be known at the deployment only', () => {
  const { stack, binding } = bind((of) => ({
    fileSystem: imported(of, 'Files', Fn.importValue('Files')),
    path: new CfnParameter(of, 'Path').valueAsString,
  }));
  expect(only(Template.fromStack(stack), 'AWS::EFS::AccessPoint').properties.RootDirectory.Path).toEqual({
    Ref: 'Path',
  });
  expect(rendered(stack, { fileSystem: binding.volume.authorizationConfig!.accessPointId }).fileSystem).toMatch(
    /^<Storage/,
  );
});

test.each<[string, (stack: Stack) => string]>([
  ['an import of another stack', () => Fn.importValue('Files')],
  ['Parameter Store', (stack) => StringParameter.valueForStringParameter(stack, '/files')],
  ['a look-up', (stack) => StringParameter.valueFromLookup(stack, '/files')],
  ['a parameter of the stack', (stack) => new CfnParameter(stack, `Id${stack.node.children.length}`).valueAsString],
])('a file system whose id is from %s may be imported twice, once for its access point', (_, idOf) => {
  const twice: Make = (stack) => ({
    fileSystem: imported(stack, 'One', idOf(stack)),
    accessPoint: efs.AccessPoint.fromAccessPointAttributes(stack, 'AccessPoint', {
      accessPointId: 'fsap-1',
      fileSystem: imported(stack, 'Two', idOf(stack)),
    }),
  });
  expect(() => bind(twice, { account: '111122223333', region: 'eu-central-1' })).not.toThrow();
});

test('a file system of the app may be imported for its access point', () => {
  expect(() =>
    bind((stack, vpc) => {
      const fileSystem = made(stack, vpc);
      const accessPoint = efs.AccessPoint.fromAccessPointAttributes(stack, 'AccessPoint', {
        accessPointId: 'fsap-1',
        fileSystem: imported(stack, 'Again', fileSystem.fileSystemId),
      });
      return { fileSystem, accessPoint };
    }),
  ).not.toThrow();
});

describe('a file system with a mount target in one subnet', () => {
  const inOneSubnet = () =>
    bind((stack, vpc) => ({
      fileSystem: made(stack, vpc, { vpcSubnets: { subnets: [vpc.privateSubnets[0]] } }),
      path: '/a',
    })).stack;

  test('is refused', () => {
    const stack = inOneSubnet();
    expect(() => Template.fromStack(stack)).toThrow(
      '`storage.fileSystem` Prod/Company can be mounted in one availability zone only, and nodes are in two or more.',
    );
  });

  test('is taken when it is given another one, also later', () => {
    const stack = inOneSubnet();
    const { fileSystemId } = stack.node.findChild('Company') as efs.FileSystem;
    new efs.CfnMountTarget(stack, 'Other', { fileSystemId, subnetId: 'subnet-1', securityGroups: [] });
    expect(() => Template.fromStack(stack)).not.toThrow();
  });
});

test('user and group of an access point may be known at the deployment only', () => {
  expect(() =>
    bind((stack, vpc) => {
      const fileSystem = made(stack, vpc);
      const uid = new CfnParameter(stack, 'User').valueAsString;
      return { fileSystem, accessPoint: fileSystem.addAccessPoint('AccessPoint', { posixUser: { uid, gid: '0' } }) };
    }),
  ).not.toThrow();
});

test.each(['/', '/nocobase', '/a/b-c/d.e/f_g', '/my data', 'dummy-value-for-/path'])('%s is a path', (path) => {
  expect(() => bind(() => ({ path }))).not.toThrow();
});

test.each<[string, Make, string]>([
  [
    'neither',
    () => ({}),
    "`storage` needs either an `accessPoint` or a `path` of the file system, got: none. Name the directory, e.g. path: '/nocobase'",
  ],
  [
    'both',
    (stack) => ({ path: '/a', accessPoint: efs.AccessPoint.fromAccessPointId(stack, 'AccessPoint', 'fsap-1') }),
    'got: both',
  ],
  [
    'neither, without knowing what a policy has to say',
    () => ({}),
    'A policy of the file system must leave the nodes {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::<account>:root"},"Action":["elasticfilesystem:ClientMount","elasticfilesystem:ClientWrite","elasticfilesystem:ClientRootAccess"],"Condition":{"Bool":{"aws:SecureTransport":"true"}}}',
  ],
  [
    'a relative path',
    () => ({ path: 'nocobase' }),
    "`storage.path` 'nocobase' does not begin with a slash. Write e.g. '/nocobase', at most four folders",
  ],
  [
    'a path with an end',
    () => ({ path: '/nocobase/' }),
    "`storage.path` '/nocobase/' ends in a slash, which EFS does not take.",
  ],
  ['a way back', () => ({ path: '/nocobase/../crm' }), "'/nocobase/../crm' has a folder that begins with a dot"],
  ['five folders', () => ({ path: '/a/b/c/d/e' }), "'/a/b/c/d/e' has 5 folders, and EFS takes four."],
  ['a long path', () => ({ path: `/${'a'.repeat(100)}` }), 'has 101 characters, and EFS takes 100.'],
  ['a folder without a name', () => ({ path: '/a//b' }), 'has a folder without a name'],
  ['a character that EFS does not take', () => ({ path: '/a$b' }), 'has "$" in it, which EFS does not take'],
  ['no file system', () => ({ fileSystem: undefined, path: '/a' }), '`storage.fileSystem` is missing'],
  [
    'one without a security group',
    (stack) => ({
      fileSystem: efs.FileSystem.fromFileSystemAttributes(stack, 'Files', {
        fileSystemId: 'fs-1',
        securityGroup: undefined as any,
      }),
      path: '/a',
    }),
    '`storage.fileSystem` Prod/Files was imported without a security group',
  ],
  [
    'a file system in one zone',
    (stack, vpc) => ({ fileSystem: made(stack, vpc, { oneZone: true }), path: '/a' }),
    '`storage.fileSystem` Prod/Company can be mounted in one availability zone only, and nodes are in two or more.',
  ],
  [
    'an access point of another file system',
    (stack) => ({
      accessPoint: efs.AccessPoint.fromAccessPointAttributes(stack, 'AccessPoint', {
        accessPointId: 'fsap-1',
        fileSystem: imported(stack, 'Other', 'fs-2'),
      }),
    }),
    '`storage.accessPoint` Prod/AccessPoint is one of Prod/Other, and `storage.fileSystem` is Prod/Imported.',
  ],
  [
    'an access point of another file system of the app',
    (stack, vpc) => ({
      fileSystem: new efs.FileSystem(stack, 'Other', { vpc, encrypted: true }),
      accessPoint: made(stack, vpc).addAccessPoint('AccessPoint'),
    }),
    '`storage.accessPoint` Prod/Company/AccessPoint is one of Prod/Company, and `storage.fileSystem` is Prod/Other.',
  ],
  [
    'an access point of somebody',
    (stack, vpc) => {
      const fileSystem = made(stack, vpc);
      const accessPoint = fileSystem.addAccessPoint('AccessPoint', { posixUser: { uid: '1000', gid: '1000' } });
      return { fileSystem, accessPoint };
    },
    "`storage.accessPoint` acts as user 1000 and group 1000, and NocoBase's image runs as root",
  ],
  [
    'an access point of somebody whose user is not known',
    (stack, vpc) => {
      const fileSystem = made(stack, vpc);
      const uid = new CfnParameter(stack, 'User').valueAsString;
      return { fileSystem, accessPoint: fileSystem.addAccessPoint('AccessPoint', { posixUser: { uid, gid: '1000' } }) };
    },
    'acts as user (a token) and group 1000',
  ],
  [
    'the id of a file system',
    () => ({ fileSystem: 'fs-123' as any, path: '/a' }),
    '`storage.fileSystem` must be a construct, got: string. Where there is one already, import it',
  ],
  [
    'the id of an access point',
    () => ({ accessPoint: 'fsap-123' as any }),
    '`storage.accessPoint` must be a construct, got: string. Where there is one already, import it',
  ],
])('%s is refused', (_, make, message) => {
  expect(() => bind(make)).toThrow(message);
});

describe.each([
  ['region', '111122223333', 'us-east-1', 'us-east-1, and has to be in eu-central-1'],
  ['account', '999999999999', 'eu-central-1', 'account 999999999999, and has to be in 111122223333'],
])('a file system of another %s', (_what, account, region, where) => {
  const ours = { account: '111122223333', region: 'eu-central-1' };
  const refusal = `\`storage.fileSystem\` is in ${where}. ECS mounts file systems of its own region and account only`;
  const byArn: Make = (stack) => ({
    path: '/a',
    fileSystem: efs.FileSystem.fromFileSystemAttributes(stack, 'Files', {
      fileSystemArn: `arn:aws:elasticfilesystem:${region}:${account}:file-system/fs-1`,
      securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1'),
    }),
  });
  const ofAnotherStack: Make = (stack) => ({
    path: '/a',
    fileSystem: imported(new Stack(stack, 'Elsewhere', { env: { account, region } })),
  });

  test.each([
    ['that its ARN tells', byArn],
    ['that its stack tells', ofAnotherStack],
  ])('%s is refused', (_, make) => {
    expect(() => bind(make, ours)).toThrow(refusal);
  });

  test('is taken where it is not known whether it is another', () => {
    expect(() => bind(byArn)).not.toThrow();
  });
});

test('one that is not encrypted is warned of', () => {
  const { stack } = bind((of, vpc) => ({ fileSystem: made(of, vpc, { encrypted: false }), path: '/a' }));
  expect(warnings(stack)).toEqual([expect.stringContaining('Prod/Company is not encrypted at rest')]);
});

test.each<[string, (resource: efs.CfnFileSystem) => void]>([
  ['later', (resource) => (resource.encrypted = true)],
  ['by an override', (resource) => resource.addPropertyOverride('Encrypted', true)],
])('one that is encrypted %s is not', (_, encrypt) => {
  const { stack } = bind((of, vpc) => ({ fileSystem: made(of, vpc, { encrypted: false }), path: '/a' }));
  encrypt(stack.node.findChild('Company').node.defaultChild as efs.CfnFileSystem);
  expect(warnings(stack)).toEqual([]);
});

test('a cluster on it makes no file system', () => {
  const { stack } = newPlace();
  const { template } = synthesize({ storage: SharedStorage.existing({ fileSystem: imported(stack), path: '/a' }) });
  template.resourceCountIs('AWS::EFS::FileSystem', 0);
});
