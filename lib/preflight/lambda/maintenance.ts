import { DescribeRuleCommand, type EventBridgeClient, ResourceNotFoundException } from '@aws-sdk/client-eventbridge';
import { isDenied, unreadable } from './read-secret';

/** The sentence that refuses a deployment while maintenance is on, or undefined. */
export async function inMaintenance(
  client: EventBridgeClient,
  rule: string,
  stackId: string,
  mayWait: () => Promise<boolean>,
): Promise<string | undefined> {
  for (;;) {
    try {
      const { State } = await client.send(new DescribeRuleCommand({ Name: rule }));
      return State === 'ENABLED' ? refusal(stackId) : undefined;
    } catch (error) {
      // The first deployment makes it later.
      if (error instanceof ResourceNotFoundException) return undefined;
      if (isDenied(error) && (await mayWait())) continue;
      const { problem, remedy } = unreadable(error, 'EventBridge');
      return `NocoBase preflight: whether maintenance is on ${problem}. ${remedy}`;
    }
  }
}

function refusal(stackId: string): string {
  // arn:…:stack/NAME/GUID
  const stack = stackId.split('/')[1];
  return (
    'NocoBase preflight: maintenance is on, and this deployment would end it. No node was started or stopped. ' +
    `End it first (npx cdk-nocobase maintenance end --stack ${stack}, or the state machine of the output MaintenanceStateMachine with {"do": "end"}), then deploy again. ` +
    'If NocoBase does not answer any more: the same with --force, or with {"do": "end", "force": true}.'
  );
}
