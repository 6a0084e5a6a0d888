import { type Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledgeLogGroup } from './log-group-rules';

export interface DeploymentFunctionProps {
  readonly description: string;
  /** Of its role. */
  readonly may: string;
  readonly code: lambda.Code;
  readonly timeout: Duration;
  /** Why it is in no VPC. */
  readonly outsideVpc: string;
}

/** What CloudFormation calls during a deployment. Its custom resource has to depend on role and log group. */
export interface DeploymentFunction {
  readonly handler: lambda.Function;
  readonly role: iam.Role;
  readonly logGroup: logs.LogGroup;
}

/** A function for a custom resource, with a log and a role of its own that may do nothing yet but write that log. */
export function deploymentFunction(scope: Construct, props: DeploymentFunctionProps): DeploymentFunction {
  const logGroup = new logs.LogGroup(scope, 'Logs', {
    retention: logs.RetentionDays.ONE_MONTH,
    // What came of it is in the events of the stack as well.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  acknowledgeLogGroup(logGroup);
  // Without the managed policy, which would also let it make and write log groups of others.
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    description: props.may,
  });
  logGroup.grantWrite(role);
  const handler = new lambda.Function(scope, 'Function', {
    description: props.description,
    // Pinned, as the code is made for it and tested.
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: 256,
    timeout: props.timeout,
    handler: 'index.handler',
    code: props.code,
    role,
    logGroup,
  });
  Validations.of(handler).acknowledge(
    { id: 'cdk-validator-cfnguard::lambda_inside_vpc_check', reason: props.outsideVpc },
    {
      id: 'AwsSolutions-L1',
      reason: 'The runtime is the one that the code is tested with; it moves with releases of this library.',
    },
  );
  return { handler, role, logGroup };
}
