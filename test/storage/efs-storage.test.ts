import { container, only, render, synthesize } from '../cluster-fixture';

const FILE_SYSTEM = 'AWS::EFS::FileSystem';

test('the file system is encrypted, elastic, backed up, and stays when the stack goes', () => {
  const { resource } = only(synthesize().template, FILE_SYSTEM);
  expect(resource).toMatchObject({
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: { Encrypted: true, ThroughputMode: 'elastic', BackupPolicy: { Status: 'ENABLED' } },
  });
});

test('the whole of storage is mounted through the access point, over TLS and with IAM', () => {
  const { template } = synthesize();
  const { properties } = only(template, 'AWS::ECS::TaskDefinition');
  expect(container(template).MountPoints).toEqual([
    { ContainerPath: '/app/nocobase/storage', ReadOnly: false, SourceVolume: properties.Volumes[0].Name },
  ]);
  expect(properties.Volumes[0].EFSVolumeConfiguration).toEqual({
    FilesystemId: { Ref: only(template, FILE_SYSTEM).id },
    TransitEncryption: 'ENABLED',
    AuthorizationConfig: { AccessPointId: { Ref: only(template, 'AWS::EFS::AccessPoint').id }, IAM: 'ENABLED' },
  });
});

test('files belong to root, as the image runs', () => {
  expect(only(synthesize().template, 'AWS::EFS::AccessPoint').properties).toMatchObject({
    PosixUser: { Uid: '0', Gid: '0' },
    RootDirectory: { Path: '/nocobase', CreationInfo: { OwnerUid: '0', OwnerGid: '0', Permissions: '755' } },
  });
});

test('the policy of the file system lets in nobody by itself: it leaves it to the IAM of the account, over TLS', () => {
  const { Statement } = only(synthesize().template, FILE_SYSTEM).properties.FileSystemPolicy;
  expect(Statement).toHaveLength(1);
  expect(render(Statement[0].Principal.AWS)).toBe('arn:<AWS::Partition>:iam::<AWS::AccountId>:root');
  expect(Statement[0].Condition.Bool['aws:SecureTransport']).toBe('true');
});

test('the role of the nodes may mount as root through the access point and not otherwise', () => {
  const { template } = synthesize();
  const statements = Object.values(template.findResources('AWS::IAM::Policy'))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement)
    .filter((statement) => JSON.stringify(statement.Action).includes('elasticfilesystem'));
  expect(statements).toHaveLength(1);
  expect(statements[0].Action).toContain('elasticfilesystem:ClientRootAccess');
  expect(render(statements[0].Condition.StringEquals['elasticfilesystem:AccessPointArn'])).toContain(
    `<${only(template, 'AWS::EFS::AccessPoint').id}>`,
  );
});

test('the first node waits for the mount targets', () => {
  const { template } = synthesize();
  const targets = Object.keys(template.findResources('AWS::EFS::MountTarget'));
  expect(targets).toHaveLength(2);
  expect(only(template, 'AWS::ECS::Service').resource.DependsOn).toEqual(expect.arrayContaining(targets));
});
