import * as path from 'node:path';
import { type CfnResource, CustomResource, Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, Dependable } from 'constructs';
import { deploymentFunction } from '../deployment-function';
import type { StoredSecret } from '../node/stored-secret';
import { renewWith } from '../renewed-resource';
import { type CheckRequest, PreflightRule } from './request';

export { PreflightRule };

/** What a value must be. */
export interface PreflightCheck {
  /** What the value is for, as the guide calls it. */
  readonly variable: string;
  readonly rule: PreflightRule;
  readonly secret: StoredSecret;
  /** The prop of the cluster that it was given by. */
  readonly prop: string;
}

export interface PreflightProps {
  readonly checks: readonly PreflightCheck[];
  /**
   * What the nodes start with, asked for at synthesis. When it changes, the next
   * deployment checks anew. May hold tokens.
   */
  readonly fingerprint: () => unknown;
  /**
   * The name of the rule that is enabled while maintenance is on. While it is,
   * a deployment that changes the fingerprint is refused.
   *
   * @default - none
   */
  readonly maintenanceRule?: string;
}

/**
 * Looks at the values of Secrets before anything depends on them: an empty
 * `APP_KEY` lets anybody sign in, a malformed `APP_AES_SECRET_KEY` leaves every
 * node at 503, and neither can be seen at synthesis. Also whether maintenance is
 * on, which a deployment would end. When something is wrong the deployment stops
 * with a sentence that says what to do.
 *
 * Whoever depends on this construct waits for the checks.
 */
export class Preflight extends Construct {
  constructor(scope: Construct, id: string, props: PreflightProps) {
    super(scope, id);
    const { handler, role, logGroup } = deploymentFunction(this, {
      description: 'Checks the Secrets of a NocoBase cluster before a deployment goes on',
      may: 'Preflight checks of a NocoBase cluster: may read the Secrets that it checks',
      code: lambda.Code.fromAsset(path.join(__dirname, 'bundle')),
      timeout: Duration.minutes(1),
      // In the VPC it would need a way out before there is one, and its network interfaces would hold up the deletion
      // of the stack.
      outsideVpc:
        'It reaches Secrets Manager and CloudFormation over the network of AWS with signed requests, nothing in the VPC, and it runs before there is a way out of a new VPC.',
    });
    if (props.maintenanceRule !== undefined) {
      // By its name: who waited for the rule would find it as the template says, disabled.
      const rule = { service: 'events', resource: 'rule', resourceName: props.maintenanceRule };
      role.addToPolicy(
        new iam.PolicyStatement({ actions: ['events:DescribeRule'], resources: [Stack.of(this).formatArn(rule)] }),
      );
    }
    for (const { secret, prop } of props.checks) {
      secret.checkRegion(this, prop);
      secret.grantRead(role);
    }

    const checks = props.checks.map(
      (check): CheckRequest => ({
        Variable: check.variable,
        Rule: check.rule,
        SecretArn: check.secret.storeArn,
        ParameterName: isParameter(check.secret) ? check.secret.storeName : undefined,
        JsonField: check.secret.field,
        Prop: check.prop,
      }),
    );
    const resource = new CustomResource(this, 'Check', {
      resourceType: 'Custom::NocoBasePreflight',
      serviceToken: handler.functionArn,
      // The default is an hour, during which a deployment would hang if the function could not even start.
      serviceTimeout: Duration.minutes(2),
      properties: { Checks: checks, MaintenanceRule: props.maintenanceRule },
    });
    // Also in the other direction: on deletion the function must still be there to be called, and be allowed to log.
    resource.node.addDependency(role, logGroup);
    // So every deployment that changes the nodes creates a resource, that is, checks; a rollback only deletes it; and
    // it is never updated: CloudFormation would call an update back with the old properties in the middle of a
    // rollback, and fail that if a Secret is wrong by then.
    //
    // The code of the function is not part of it. A check answers for the Secrets with which nodes start; a release
    // that words a sentence differently starts no nodes, and its asset hash would make every user's template differ.
    renewWith(resource.node.defaultChild as CfnResource, () => [checks, props.fingerprint()]);

    // Who waits for the preflight waits for its outcome, which implies the rest.
    Dependable.implement(this, { dependencyRoots: [resource] });
  }
}

/** Of Secrets everything can be referred to. */
function isParameter(secret: StoredSecret): boolean {
  return secret.dynamicReference === undefined;
}
