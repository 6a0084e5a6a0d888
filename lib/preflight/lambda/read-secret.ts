import {
  GetSecretValueCommand,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import type { Problem, Reading } from './checks';

/** Reads a Secret; that it cannot be read is a result too. */
export async function readSecret(
  client: SecretsManagerClient,
  arn: string,
  mayWait: () => Promise<boolean>,
): Promise<Reading> {
  for (;;) {
    try {
      const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
      if (SecretString !== undefined) return { text: SecretString };
      return SecretBinary === undefined ? { problem: 'has no value' } : { problem: 'is binary; ECS injects text only' };
    } catch (error) {
      if (isDenied(error) && (await mayWait())) continue;
      return explain(error);
    }
  }
}

/** The role is seconds old on a first deployment, and IAM is eventually consistent. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && error.name === 'AccessDeniedException';
}

/** What AWS gives as the cause of a denial, in brackets. */
export function because(message: string): string {
  const cause = /because ([\w ,:'-]{1,160})/.exec(message)?.[1];
  return cause === undefined ? '' : ` (${cause})`;
}

/** An error that nobody thought of. */
export function unreadable(error: unknown, service: string): Problem {
  if (!isAnswer(error)) {
    // Not the message: the SDK's error about a response that it cannot read quotes the response.
    const name = error instanceof Error ? error.name : typeof error;
    return {
      problem: `could not be read: no usable answer from ${service} (${name})`,
      remedy: 'Deploy again; if it persists, see whether the service is disturbed in the region.',
    };
  }
  const { httpStatusCode, requestId } = error.$metadata;
  return {
    problem: `could not be read: ${error.name} (HTTP ${httpStatusCode}, request ${requestId})`,
    remedy: 'Deploy again; if it persists, look up the request in CloudTrail.',
  };
}

interface ServiceAnswer extends Error {
  readonly $fault: string;
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string };
}

function isAnswer(error: unknown): error is ServiceAnswer {
  return error instanceof Error && '$fault' in error;
}

function explain(error: unknown): Reading {
  if (!(error instanceof SecretsManagerServiceException)) return unreadable(error, 'Secrets Manager');
  const { name, message } = error;
  if (name === 'ResourceNotFoundException') {
    return /staging label/i.test(message)
      ? { problem: 'has no value yet' }
      : {
          problem: 'does not exist in this account and region',
          remedy: 'Create it, or correct the name or ARN that the prop was given, then deploy again.',
        };
  }
  if (name === 'InvalidRequestException' && /delet/i.test(message)) {
    return {
      problem: 'is scheduled for deletion',
      remedy: 'Take that back (aws secretsmanager restore-secret --secret-id …), then deploy again.',
    };
  }
  if (name === 'DecryptionFailure' || (name === 'AccessDeniedException' && /\bKMS\b/.test(message))) {
    return {
      problem: 'cannot be decrypted: its KMS key is disabled or does not let this stack use it',
      remedy:
        'Pass the key with the Secret (Secret.fromSecretAttributes({ secretCompleteArn, encryptionKey })), and look at the policy of the key: the nodes need it as well.',
    };
  }
  if (name === 'AccessDeniedException') {
    return {
      problem: `may not be read${because(message)}`,
      remedy:
        "Look at the Secret's resource policy, the permissions boundary of the role and the organisation's policies: the nodes need it as well.",
    };
  }
  return unreadable(error, 'Secrets Manager');
}
