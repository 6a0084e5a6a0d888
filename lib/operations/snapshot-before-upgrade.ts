import { Aws, type CfnResource, CustomResource, Duration, Lazy, Stack, Validations } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as rds from 'aws-cdk-lib/aws-rds';
import { Construct, Dependable, type IDependable } from 'constructs';
import { deploymentFunction } from '../deployment-function';
import { renewWith } from '../renewed-resource';
import { SNAPSHOT_HANDLER } from './snapshot-handler';

export interface SnapshotBeforeUpgradeProps {
  readonly instance: rds.IDatabaseInstance;
  /** What runs on the database. Another one is an upgrade. */
  readonly generation: string;
  /** What has to pass first. */
  readonly startAfter: IDependable[];
  /** The service whose nodes are replaced, asked for at synthesis. */
  readonly service: () => ecs.BaseService;
}

/**
 * A snapshot before nodes of another generation start. Who depends on this
 * construct waits for it.
 *
 * Like the preflight check it is a new resource for every generation: a
 * deployment that changes it takes a snapshot, a rollback only deletes the
 * resource, which does nothing, and nothing is ever updated. `AwsCustomResource`
 * would not do: it takes one on the first deployment too and again on a
 * rollback, and has no name to give that a second upgrade to the same version
 * does not find taken.
 */
export class SnapshotBeforeUpgrade extends Construct {
  constructor(scope: Construct, id: string, props: SnapshotBeforeUpgradeProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const { instanceIdentifier, instanceArn } = props.instance;
    const { handler, role, logGroup } = deploymentFunction(this, {
      description: 'Takes a snapshot of the database of a NocoBase cluster before an upgrade',
      may: 'Takes a snapshot of the database of a NocoBase cluster before an upgrade',
      code: lambda.Code.fromInline(SNAPSHOT_HANDLER),
      timeout: Duration.minutes(13),
      outsideVpc: 'It talks to the APIs of RDS and CloudFormation, over the network of AWS and with signed requests.',
    });
    // Of this cluster, and the same text in every region and for every database.
    const names = `nocobase-before-upgrade-${this.node.addr.slice(-8)}`;
    const snapshots = `arn:${Aws.PARTITION}:rds:${Aws.REGION}:${Aws.ACCOUNT_ID}:snapshot:${names}-*`;
    role.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['rds:CreateDBSnapshot', 'rds:DescribeDBSnapshots', 'rds:AddTagsToResource'],
        resources: [instanceArn, snapshots],
      }),
    );
    role.addToPrincipalPolicy(
      new iam.PolicyStatement({ actions: ['cloudformation:DescribeStackResource'], resources: [stack.stackId] }),
    );
    const resource = new CustomResource(this, 'Snapshot', {
      resourceType: 'Custom::NocoBaseSnapshot',
      serviceToken: handler.functionArn,
      serviceTimeout: Duration.minutes(15),
      properties: {
        Instance: instanceIdentifier,
        Names: names,
        Generation: props.generation,
        // By its name: a reference would be a circle.
        Service: Lazy.string({ produce: () => stack.getLogicalId(props.service().node.defaultChild as CfnResource) }),
      },
    });
    // Also in the other direction: on deletion the function must still be there to be called, and be allowed to log.
    resource.node.addDependency(role, logGroup, ...props.startAfter);
    renewWith(resource.node.defaultChild as CfnResource, () => [instanceIdentifier, props.generation]);
    Dependable.implement(this, { dependencyRoots: [resource] });
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:rds:<AWS::Region>:<AWS::AccountId>:snapshot:${names}-*]`,
      reason: 'Each deployment gives its snapshot a name of its own; all begin with that of the cluster.',
    });
  }
}
