import { Aws, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface MaintenancePermissions {
  readonly serviceArns: string[];
  readonly targetGroupArn: string;
  readonly ruleArn: string;
  readonly stackId: string;
}

/**
 * What the state machine may do. What names the service is a policy of its own,
 * which is made when there is a service, and which nothing waits for.
 */
export function maintenanceRole(scope: Construct, permissions: MaintenancePermissions): iam.IRole {
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
    description: 'Maintenance of a NocoBase cluster',
    inlinePolicies: { Look: new iam.PolicyDocument({ statements: looking(permissions) }) },
  });
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'DescribeTargetHealth, which only reads, and the delivery of logs have no resource that a policy could name.',
  });
  const policy = new iam.Policy(scope, 'Changes', { roles: [role], statements: changing(permissions) });
  Validations.of(policy).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:application-autoscaling:<AWS::Region>:<AWS::AccountId>:scalable-target/*]',
    reason:
      'The id of a scalable target is given by AWS and known to nobody; the conditions leave the desired counts of ECS services.',
  });
  return role.withoutPolicyUpdates();
}

const allow = (actions: string[], resources: string[], conditions?: { [operator: string]: unknown }) =>
  new iam.PolicyStatement({ actions, resources, conditions });

function looking({ ruleArn, stackId }: MaintenancePermissions): iam.PolicyStatement[] {
  return [
    allow(['events:DescribeRule', 'events:EnableRule', 'events:DisableRule'], [ruleArn]),
    allow(['cloudformation:DescribeStacks'], [stackId]),
    allow(['elasticloadbalancing:DescribeTargetHealth'], ['*']),
    // What Step Functions needs to have its log delivered; by AWS's own word for any resource.
    allow(
      [
        'logs:CreateLogDelivery',
        'logs:GetLogDelivery',
        'logs:UpdateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
        'logs:DescribeResourcePolicies',
        'logs:DescribeLogGroups',
      ],
      ['*'],
    ),
  ];
}

function changing({ serviceArns, targetGroupArn }: MaintenancePermissions): iam.PolicyStatement[] {
  return [
    allow(['ecs:DescribeServices', 'ecs:UpdateService'], serviceArns),
    allow(
      ['application-autoscaling:RegisterScalableTarget'],
      [`arn:${Aws.PARTITION}:application-autoscaling:${Aws.REGION}:${Aws.ACCOUNT_ID}:scalable-target/*`],
      {
        StringEquals: {
          'application-autoscaling:service-namespace': 'ecs',
          'application-autoscaling:scalable-dimension': 'ecs:service:DesiredCount',
        },
      },
    ),
    allow(['elasticloadbalancing:ModifyTargetGroup'], [targetGroupArn]),
  ];
}
