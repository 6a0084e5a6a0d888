import { firstNode } from './first-node';
import type { Properties, Resource, Template } from './template';

export interface Time {
  readonly seconds: number;
  /** What they are made up of. */
  readonly parts?: Parts;
}

type Parts = { readonly [what: string]: number };
type Typical = number | ((properties: Properties, template: Template) => number | Parts);

/**
 * How long CloudFormation typically takes to make a resource, in seconds, from
 * its start until what waits for it may start. An order of magnitude: regions and
 * days differ by half and more.
 *
 * Since March 2024 CloudFormation may start what refers to a resource a little
 * earlier, at its CONFIGURATION_COMPLETE. That is left out, so the sums err on
 * the long side.
 */
const TIMES: readonly { readonly source: string; readonly times: { readonly [type: string]: Typical } }[] = [
  {
    source:
      'a log of `cdk deploy` with 71 resources, us-east-1, 2025 (github.com/ADNANFAKHAR4504/rlhf-synth-fixer, archive/cdk-py/Pr2695/lib/PROMPT3.md); IAM also in unbounce/iidy#145 (20 s)',
    times: {
      'AWS::EC2::EIP': 17,
      'AWS::EC2::InternetGateway': 17,
      'AWS::EC2::Route': 2,
      'AWS::EC2::RouteTable': 12,
      'AWS::EC2::SecurityGroup': 10,
      'AWS::EC2::Subnet': 5,
      'AWS::EC2::SubnetRouteTableAssociation': 2,
      'AWS::EC2::VPC': 14,
      'AWS::EC2::VPCEndpoint': 3, // of type Gateway
      'AWS::EC2::VPCGatewayAttachment': 3,
      'AWS::IAM::Policy': 17,
      'AWS::IAM::Role': 18,
      'AWS::Logs::LogGroup': 10,
      'AWS::S3::Bucket': 15,
    },
  },
  {
    source: 'the same log (96 and 107 s); terraform-aws-modules/terraform-aws-vpc#999 (115 s)',
    times: { 'AWS::EC2::NatGateway': 105 },
  },
  {
    source: 'the same log: 8 s; 228 s for the first ones in a VPC, which wait for a network interface of their own',
    times: { 'AWS::Lambda::Function': ({ VpcConfig }) => (VpcConfig === undefined ? 8 : 225) },
  },
  {
    source: 'the custom resource of the same log: 9 s until its function is called and has started, 1 s to answer',
    times: {
      'Custom::NocoBaseCloudFrontPrefixList': 10,
      'Custom::NocoBasePreflight': 10,
    },
  },
  {
    source: 'one call of an API and nothing much to wait for: estimates',
    times: {
      'AWS::ApplicationAutoScaling::ScalableTarget': 2,
      'AWS::ApplicationAutoScaling::ScalingPolicy': 2,
      'AWS::CloudWatch::Alarm': 2,
      'AWS::EC2::FlowLog': 3,
      'AWS::EC2::SecurityGroupEgress': 2,
      'AWS::EC2::SecurityGroupIngress': 2,
      'AWS::ECS::Cluster': 5,
      'AWS::ECS::TaskDefinition': 2,
      'AWS::EFS::AccessPoint': 6,
      'AWS::ElastiCache::ParameterGroup': 5,
      'AWS::ElastiCache::SubnetGroup': 5,
      'AWS::ElasticLoadBalancingV2::Listener': 2,
      'AWS::ElasticLoadBalancingV2::TargetGroup': 2,
      'AWS::Events::Rule': 2,
      'AWS::Logs::MetricFilter': 2,
      'AWS::RDS::DBParameterGroup': 5,
      'AWS::RDS::DBSubnetGroup': 5,
      'AWS::S3::BucketPolicy': 2,
      'AWS::SecretsManager::Secret': 3,
      'AWS::SecretsManager::SecretTargetAttachment': 3,
      'AWS::SNS::Topic': 10,
      'AWS::SNS::TopicPolicy': 5,
      'AWS::StepFunctions::StateMachine': 5,
    },
  },
  {
    source: 'turbot/steampipe-plugin-aws#426: 12 s for the file system, more than a minute for the mount target',
    times: { 'AWS::EFS::FileSystem': 12, 'AWS::EFS::MountTarget': 90 },
  },
  {
    source:
      'hashicorp/terraform#498: single 5-10 minutes, and 6 more for the standby; single instances of PostgreSQL 16 without backups take 5 minutes in logs of `terraform apply`',
    times: { 'AWS::RDS::DBInstance': ({ MultiAZ }) => (MultiAZ === true ? 780 : 420) },
  },
  {
    source:
      'acceptance tests in hashicorp/terraform-provider-aws#49221 and #46526: 541-572 s with the deletion, a third of it; 337-555 s in logs of `terraform apply`',
    times: {
      'AWS::ElastiCache::ReplicationGroup': ({ NumCacheClusters = 1 }) => (NumCacheClusters > 1 ? 420 : 360),
    },
  },
  {
    source:
      'acceptance tests in hashicorp/terraform-provider-aws#39024 and #34172: 615-1150 s with the deletion, a third of it; aws-controllers-k8s/community#703: "5+ minutes"; far regions more than 30 (#27035). For three brokers a quarter more is assumed',
    times: {
      'AWS::AmazonMQ::Broker': ({ DeploymentMode }) => (DeploymentMode === 'CLUSTER_MULTI_AZ' ? 600 : 480),
    },
  },
  {
    source: '141-187 s in logs of `terraform apply`; hashicorp/terraform#11333: 231-267 s with the deletion',
    times: { 'AWS::ElasticLoadBalancingV2::LoadBalancer': 160 },
  },
  {
    source:
      'ACM calls it 30 minutes at most (aws/aws-cdk#5831 had 10, #2914 more than 5); 102 s in a log of `terraform apply`',
    times: { 'AWS::CertificateManager::Certificate': 180 },
  },
  {
    source: 'hashicorp/terraform-provider-aws#11300: 37-39 s; Route 53 promises 60',
    times: { 'AWS::Route53::RecordSet': 40 },
  },
  {
    source:
      'CloudFront developer guide: up to 15 minutes; acceptance tests in hashicorp/terraform-provider-aws#46239 and #47459: 1254 and 1488 s with a load balancer, a distribution and all deletions, which leaves 8-9',
    times: { 'AWS::CloudFront::VpcOrigin': 540 },
  },
  {
    source:
      'AWS, "Slashing CloudFront change propagation times": within 5 minutes; acceptance tests in hashicorp/terraform-provider-aws#48475: from 210 s on',
    times: { 'AWS::CloudFront::Distribution': 240 },
  },
  { source: 'first-node.ts', times: { 'AWS::ECS::Service': firstNode } },
];

export function creationTime({ Type, Properties = {} }: Resource, template: Template): Time {
  const [typical] = TIMES.flatMap(({ times }) => (Type in times ? [times[Type]] : []));
  if (typical === undefined) {
    throw new Error(
      `Nobody has said how long the creation of ${Type} takes. Add it to test/critical-path/times.ts, with the source.`,
    );
  }
  const time = typeof typical === 'number' ? typical : typical(Properties, template);
  return typeof time === 'number'
    ? { seconds: time }
    : { seconds: Object.values(time).reduce((sum, part) => sum + part, 0), parts: time };
}
