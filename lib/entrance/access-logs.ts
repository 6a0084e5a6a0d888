import { Stack, Token } from 'aws-cdk-lib';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { referredResource } from '../app-resources';
import { checkConstruct } from '../given';
import { invalidProp } from '../invalid-prop';
import { checkRegion } from '../same-region';

const PROP = 'entrance.accessLogs';

/** Keeps the access logs of a load balancer in a bucket that AWS can write them to. */
export function keepAccessLogs(scope: Construct, loadBalancer: elbv2.ApplicationLoadBalancer, bucket: s3.IBucket) {
  checkConstruct(scope, PROP, bucket, "Bucket.fromBucketName(this, 'Logs', bucketName)");
  if (Token.isUnresolved(Stack.of(scope).region)) {
    throw invalidProp(scope, {
      prop: PROP,
      problem: 'need a stack with a concrete region, because AWS writes them with an account that differs by region',
      remedy: "Give the stack one: new Stack(app, 'Id', { env: { region: 'eu-central-1' } })",
    });
  }
  checkRegion(scope, PROP, {
    region: bucket.env.region,
    what: `[${bucket.node.path}]`,
    remedy:
      'Use a bucket in the region of the load balancer; if it is there, import it with its region: s3.Bucket.fromBucketAttributes(this, id, { bucketName, region })',
  });
  if (bucket.encryptionKey !== undefined || isEncryptedWithKms(bucket)) {
    throw invalidProp(scope, {
      prop: PROP,
      problem: `[${bucket.node.path}] is encrypted with a key in KMS, and a load balancer writes its logs only to buckets that S3 encrypts with a key of its own`,
      remedy: 'Use a bucket with s3.BucketEncryption.S3_MANAGED',
    });
  }
  loadBalancer.logAccessLogs(bucket, 'alb');
}

/** Also with the key that S3 has in KMS, of which the construct says nothing. */
function isEncryptedWithKms(bucket: s3.IBucket): boolean {
  const made = referredResource(bucket.bucketName);
  if (!s3.CfnBucket.isCfnBucket(made)) return false;
  const { serverSideEncryptionConfiguration: rules } = Stack.of(made).resolve(made.bucketEncryption) ?? {};
  if (!Array.isArray(rules)) return false;
  return rules.some(
    ({ serverSideEncryptionByDefault: rule }: s3.CfnBucket.ServerSideEncryptionRuleProperty) =>
      rule !== undefined && 'sseAlgorithm' in rule && `${rule.sseAlgorithm}`.startsWith('aws:kms'),
  );
}
