import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { CheckRequest } from '../request';
import { type Answer, sendAnswer } from './answer';
import { isParameter, type Reading, refusal } from './checks';
import { inMaintenance } from './maintenance';
import { readParameter } from './read-parameter';
import { readSecret } from './read-secret';
import { reasonFor } from './reason';

/** The part of CloudFormation's request that is used. */
interface Request {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly ResourceProperties: {
    readonly Checks: readonly CheckRequest[];
    /** The name of the rule that is enabled while maintenance is on. */
    readonly MaintenanceRule?: string;
  };
}

interface Context {
  getRemainingTimeInMillis(): number;
}

/** One for all requests: with another one CloudFormation would take an answer for a replacement. */
const PHYSICAL_RESOURCE_ID = 'nocobase-preflight';

/** Waiting for IAM ends when less than this is left: what remains is for reading and answering. */
const RESERVE_MS = 35_000;
const IAM_PAUSE_MS = 2000;

/** The answer must be on its way before Lambda ends the function; sending may take several attempts. */
const ANSWER_MS = 25_000;

/** Checks the Secrets that the nodes will start with, and whether maintenance is on, and tells CloudFormation. */
export async function handler(request: Request, context: Context): Promise<void> {
  const reason = request.RequestType === 'Delete' ? undefined : await failure(request, context);
  const answer: Answer = {
    Status: reason === undefined ? 'SUCCESS' : 'FAILED',
    Reason: reason,
    PhysicalResourceId: PHYSICAL_RESOURCE_ID,
    StackId: request.StackId,
    RequestId: request.RequestId,
    LogicalResourceId: request.LogicalResourceId,
  };
  const { RequestType, RequestId } = request;
  console.log(JSON.stringify({ RequestType, RequestId, Status: answer.Status, Reason: answer.Reason }));
  // When this throws, Lambda calls again: CloudFormation invokes asynchronously.
  await sendAnswer(request.ResponseURL, answer);
}

async function failure(request: Request, context: Context): Promise<string | undefined> {
  const deadline = new AbortController();
  try {
    return await Promise.race([
      check(request, context, deadline.signal),
      sleep(Math.max(0, context.getRemainingTimeInMillis() - ANSWER_MS), undefined, { signal: deadline.signal }).then(
        () => 'NocoBase preflight: the Secrets could not be read in time. Deploy again.',
      ),
    ]);
  } catch (error) {
    // Not the message: it may quote what was being looked at. The stack names files and lines only after the message.
    const name = error instanceof Error ? error.name : typeof error;
    const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
    console.error(JSON.stringify({ crashed: name, frames }));
    return `NocoBase preflight: the check itself failed (${name}); see the log of the preflight function.`;
  } finally {
    deadline.abort();
  }
}

async function check(request: Request, context: Context, signal: AbortSignal): Promise<string | undefined> {
  const { Checks: checks, MaintenanceRule: rule } = request.ResourceProperties;
  const patience = {
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3000, requestTimeout: 5000, throwOnRequestTimeout: true },
  };
  const secrets = new SecretsManagerClient(patience);
  const parameters = new SSMClient(patience);
  const mayWait = async () => {
    if (context.getRemainingTimeInMillis() < RESERVE_MS) return false;
    await sleep(IAM_PAUSE_MS, undefined, { signal });
    return true;
  };
  const maintenance = rule ? inMaintenance(new EventBridgeClient(patience), rule, request.StackId, mayWait) : undefined;
  const arns = [...new Set(checks.map(({ SecretArn }) => SecretArn))];
  const readings = new Map<string, Reading>();
  const read = (arn: string) =>
    isParameter(arn) ? readParameter(parameters, arn, mayWait) : readSecret(secrets, arn, mayWait);
  const [on] = await Promise.all([maintenance, ...arns.map(async (arn) => void readings.set(arn, await read(arn)))]);
  if (on) return on;
  const refusals = checks.flatMap((each) => refusal(each, readings.get(each.SecretArn)!) ?? []);
  for (const sentence of refusals) {
    console.log(JSON.stringify({ refused: sentence }));
  }
  return refusals.length === 0 ? undefined : reasonFor(refusals, checks.length);
}
