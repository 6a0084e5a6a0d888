import { type CfnResource, Stack, Token } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct, IConstruct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { NODE_PORT, TIMING } from '../node/timing';
import { renewWith } from '../renewed-resource';
import type { EntranceContext } from './entrance';

/** The nodes as a load balancer sees them, with NocoBase's application-level health check. */
export class NodesTargetGroup extends elbv2.ApplicationTargetGroup {
  constructor(scope: Construct, id: string, { vpc, target, publicPath }: EntranceContext) {
    const path = `${publicPath}api/__health_check`;
    super(scope, id, {
      vpc,
      targetType: elbv2.TargetType.IP,
      protocol: elbv2.ApplicationProtocol.HTTP,
      port: NODE_PORT,
      targets: [target],
      deregistrationDelay: TIMING.drain,
      healthCheck: {
        path,
        healthyHttpCodes: '200',
        interval: TIMING.healthInterval,
        timeout: TIMING.healthTimeout,
        healthyThresholdCount: TIMING.healthyThreshold,
        unhealthyThresholdCount: TIMING.unhealthyThreshold,
      },
    });
    this.node.addValidation({ validate: () => this.checkHealthPath(path, publicPath) });
  }

  /**
   * Makes another one where another listener or load balancer is given: it
   * belongs to one load balancer at a time, and CloudFormation makes what is new
   * before it deletes what is old.
   */
  public renewWith(given: IConstruct, arn: string) {
    const stack = Stack.of(given);
    // Now: later the ARN of another stack resolves to an import, at first to none.
    const identity = Token.isUnresolved(arn) ? { stack: stack.node.path, arn: stack.resolve(arn) } : { arn };
    renewWith(this.node.defaultChild as CfnResource, () => identity);
  }

  /** A path without `api/` answers 200 with the static page, also when NocoBase is down. */
  private checkHealthPath(expected: string, publicPath: string): string[] {
    const { path } = this.healthCheck;
    if (path === expected) {
      return [];
    }
    return [
      invalidProp(this, {
        prop: 'targetGroup.healthCheck.path',
        problem: `'${path}' is not NocoBase's health check under \`publicPath\` '${publicPath}', and other paths answer 200 also when NocoBase is down`,
        remedy: `Leave it at '${expected}'`,
      }).message,
    ];
  }
}
