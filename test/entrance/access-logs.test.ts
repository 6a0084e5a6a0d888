import { App, Aws, Fn, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Entrance } from '../../lib';
import { only } from '../cluster-fixture';
import { LOAD_BALANCER, newPlatform, synthesizeEntrance } from './entrance-fixture';

const stackProps = { env: { region: 'eu-central-1' }, crossRegionReferences: true };

function keptIn(bucket: (scope: Stack) => s3.IBucket, region = 'eu-central-1') {
  const { vpc } = newPlatform(stackProps);
  const storage = new Stack(App.of(vpc) as App, 'Storage', { ...stackProps, env: { region } });
  return synthesizeEntrance(Entrance.http({ accessLogs: bucket(storage) }), { vpc, stackProps });
}

const made = (scope: Stack, encryption?: s3.BucketEncryption) => new s3.Bucket(scope, 'Logs', { encryption });

test.each<[string, (scope: Stack) => s3.IBucket]>([
  ['made in the app', (scope) => made(scope)],
  ['made with the encryption of S3', (scope) => made(scope, s3.BucketEncryption.S3_MANAGED)],
  ['imported', (scope) => s3.Bucket.fromBucketName(scope, 'Logs', 'logs')],
])('access logs are kept in a bucket that is %s', (_, bucket) => {
  const { template } = keptIn(bucket);
  expect(only(template, LOAD_BALANCER).properties.LoadBalancerAttributes).toEqual(
    expect.arrayContaining([
      { Key: 'access_logs.s3.enabled', Value: 'true' },
      { Key: 'access_logs.s3.prefix', Value: 'alb' },
    ]),
  );
});

test('the name of a bucket is none', () => {
  expect(() => synthesizeEntrance(Entrance.http({ accessLogs: 'logs' as any }), newPlatform(stackProps))).toThrow(
    "`entrance.accessLogs` must be a construct, got: string. Where there is one already, import it: Bucket.fromBucketName(this, 'Logs', bucketName).",
  );
});

test('access logs in a stack without a region are refused with the way out', () => {
  const accessLogs = s3.Bucket.fromBucketName(new Stack(), 'Logs', 'logs');
  expect(() => synthesizeEntrance(Entrance.http({ accessLogs }), newPlatform())).toThrow(
    /`entrance.accessLogs` need a stack with a concrete region.*Give the stack one: new Stack\(app, 'Id', \{ env: \{ region:/,
  );
});

test('a bucket in another region is refused, unless an import says where it is', () => {
  expect(() => keptIn((scope) => made(scope), 'us-east-1')).toThrow(
    '`entrance.accessLogs` [Storage/Logs] is in us-east-1, and has to be in eu-central-1. Use a bucket in the region of the load balancer',
  );
  const imported = (region: string) => (scope: Stack) =>
    s3.Bucket.fromBucketAttributes(scope, 'Logs', { bucketName: 'logs', region });
  expect(() => keptIn(imported('eu-central-1'), 'us-east-1')).not.toThrow();
  expect(() => keptIn(imported('us-east-1'))).toThrow('`entrance.accessLogs` [Storage/Logs] is in us-east-1');
});

test('a bucket whose encryption only the deployment knows is taken', () => {
  const rules = [{ serverSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }];
  const encryptions = [
    { serverSideEncryptionConfiguration: Fn.conditionIf('Encrypted', rules, Aws.NO_VALUE) },
    { serverSideEncryptionConfiguration: [Fn.conditionIf('Encrypted', rules[0], Aws.NO_VALUE)] },
    Fn.conditionIf('Encrypted', { serverSideEncryptionConfiguration: rules }, Aws.NO_VALUE),
  ];
  for (const bucketEncryption of encryptions) {
    const bucket = (scope: Stack) => {
      const byHand = new s3.CfnBucket(scope, 'ByHand', {
        bucketEncryption: bucketEncryption as s3.CfnBucketProps['bucketEncryption'],
      });
      return s3.Bucket.fromBucketName(scope, 'Logs', byHand.ref);
    };
    expect(() => keptIn(bucket)).not.toThrow();
  }
});

test.each<[string, (scope: Stack) => s3.IBucket]>([
  ['made for it', (scope) => made(scope, s3.BucketEncryption.KMS)],
  ['of S3', (scope) => made(scope, s3.BucketEncryption.KMS_MANAGED)],
  [
    'of S3, of a bucket that is imported by its name',
    (scope) => {
      const { bucketName } = made(scope, s3.BucketEncryption.DSSE_MANAGED);
      return s3.Bucket.fromBucketName(scope, 'Imported', bucketName);
    },
  ],
  [
    'that is imported',
    (scope) =>
      s3.Bucket.fromBucketAttributes(scope, 'Logs', {
        bucketName: 'logs',
        encryptionKey: new kms.Key(scope, 'Key'),
      }),
  ],
])('a key in KMS %s is refused', (_, bucket) => {
  expect(() => keptIn(bucket)).toThrow(
    /`entrance.accessLogs` \[Storage\/\w+\] is encrypted with a key in KMS, .*Use a bucket with s3.BucketEncryption.S3_MANAGED./,
  );
});
