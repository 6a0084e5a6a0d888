import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { EfsStorage, type EfsStorageProps } from '../../lib';
import { container, only, render, synthesize } from '../cluster-fixture';
import { newPlace } from '../part-fixture';

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

describe('on its own', () => {
  const alone = (props: Partial<EfsStorageProps> = {}) => {
    const { stack, vpc } = newPlace();
    return { stack, vpc, storage: new EfsStorage(stack, 'Shared', { vpc, ...props }) };
  };

  test('it has a mount target wherever a cluster would have one', () => {
    const { stack, vpc } = alone();
    const targets = Object.values(Template.fromStack(stack).findResources('AWS::EFS::MountTarget'));
    expect(targets.map(({ Properties }) => Properties.SubnetId)).toEqual(
      stack.resolve(vpc.privateSubnets.map(({ subnetId }) => subnetId)),
    );
  });

  test('it is not put into public subnets, nor into one zone', () => {
    expect(() => alone({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } })).toThrow(
      '`vpcSubnets` has public subnets',
    );
    const vpc = new ec2.Vpc(new Stack(new App(), 'Network'), 'OneZone', { maxAzs: 1 });
    expect(() => alone({ vpc })).toThrow('availability zone only');
  });

  test('its key encrypts the files', () => {
    const encryptionKey = Key.fromKeyArn(new Stack(new App()), 'Key', 'arn:aws:kms:eu-central-1:111122223333:key/1');
    expect(only(Template.fromStack(alone({ encryptionKey }).stack), FILE_SYSTEM).properties.KmsKeyId).toBe(
      encryptionKey.keyArn,
    );
  });

  test('somebody else may mount the directory of the nodes, and nothing else, without being named in its policy', () => {
    const { stack, storage } = alone();
    const before = only(Template.fromStack(alone().stack), FILE_SYSTEM).properties.FileSystemPolicy;
    storage.grantMount(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    const template = Template.fromStack(stack);
    expect(only(template, FILE_SYSTEM).properties.FileSystemPolicy).toEqual(before);
    const [{ Properties }] = Object.values(template.findResources('AWS::IAM::Policy'));
    const [statement] = Properties.PolicyDocument.Statement;
    expect(statement.Action).toContain('elasticfilesystem:ClientMount');
    expect(statement.Resource).toEqual(stack.resolve(storage.fileSystem.fileSystemArn));
    expect(statement.Condition).toEqual({
      StringEquals: { 'elasticfilesystem:AccessPointArn': stack.resolve(storage.accessPoint.accessPointArn) },
    });
  });

  test('it has metrics of its file system', () => {
    const { storage } = alone();
    const { fileSystemId: FileSystemId } = storage.fileSystem;
    expect([
      storage.metric('DataReadIOBytes'),
      storage.metricClientConnections(),
      storage.metricStorageBytes(),
    ]).toMatchObject([
      { namespace: 'AWS/EFS', metricName: 'DataReadIOBytes', dimensions: { FileSystemId } },
      { metricName: 'ClientConnections', statistic: 'Sum', dimensions: { FileSystemId } },
      { metricName: 'StorageBytes', dimensions: { FileSystemId, StorageClass: 'Total' } },
    ]);
  });
});
