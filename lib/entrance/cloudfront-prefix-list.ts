import { RemovalPolicy, Stack, Token, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as cr from 'aws-cdk-lib/custom-resources';
import { Construct, type IConstruct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { acknowledgeLogGroup } from '../log-group-rules';

const NAME = 'com.amazonaws.global.cloudfront.origin-facing';
/** Partitions that have no CloudFront, or one without VPC origins. */
const WITHOUT_VPC_ORIGINS = /^(cn|us-gov|us-iso|us-isob|eu-isoe|eusc)-/;

/**
 * The addresses from which CloudFront calls, as AWS keeps them. For a VPC origin
 * its network interfaces are in the VPC, but security groups see this list and
 * not the range of the VPC (CloudFront developer guide, "Restrict access with
 * VPC origins"). Its id differs by region and is looked up at the deployment:
 * synthesis does not touch the network.
 */
export class CloudFrontPrefixList extends Construct {
  public readonly peer: ec2.IPeer;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { region } = Stack.of(this);
    if (!Token.isUnresolved(region) && WITHOUT_VPC_ORIGINS.test(region)) {
      throw invalidProp(scope, {
        prop: 'entrance',
        problem: `cannot be CloudFront in ${region}, where it does not reach load balancers inside a VPC`,
        remedy: 'Use Entrance.domain({ hostedZone, domainName }) or Entrance.certificate(certificate, { domainName })',
      });
    }
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledgeLogGroup(logGroup);
    const lookup = new cr.AwsCustomResource(this, 'Lookup', {
      resourceType: 'Custom::NocoBaseCloudFrontPrefixList',
      onUpdate: {
        service: 'EC2',
        action: 'describeManagedPrefixLists',
        parameters: { Filters: [{ Name: 'prefix-list-name', Values: [NAME] }] },
        outputPaths: ['PrefixLists.0.PrefixListId'],
        physicalResourceId: cr.PhysicalResourceId.of(NAME),
      },
      policy: cr.AwsCustomResourcePolicy.fromSdkCalls({ resources: cr.AwsCustomResourcePolicy.ANY_RESOURCE }),
      installLatestAwsSdk: false,
      logGroup,
    });
    this.peer = ec2.Peer.prefixList(lookup.getResponseField('PrefixLists.0.PrefixListId'));
    this.acknowledge(lookup);
  }

  private acknowledge(lookup: cr.AwsCustomResource) {
    Validations.of(lookup).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Describing prefix lists is an action that has no resource to name.',
    });
    const singletons: IConstruct[] = Stack.of(this).node.children.filter((child) =>
      child.node.id.startsWith('AWS679f53fac002430cb0da5b7982bd2287'),
    );
    for (const singleton of singletons) {
      const reason = 'The function with which aws-cdk-lib makes one call of the AWS API; it is kept by aws-cdk-lib.';
      Validations.of(singleton).acknowledge(
        { id: 'AwsSolutions-L1', reason },
        {
          id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
          reason,
        },
        { id: 'cdk-validator-cfnguard::lambda_inside_vpc_check', reason },
      );
    }
  }
}
