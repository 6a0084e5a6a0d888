import {
  GetSecretValueCommand,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import type { Reading } from './checks';

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
      // The role is seconds old on a first deployment, and IAM is eventually consistent.
      if (isDenied(error) && (await mayWait())) continue;
      return explain(error);
    }
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof SecretsManagerServiceException && error.name === 'AccessDeniedException';
}

function explain(error: unknown): Reading {
  if (!(error instanceof SecretsManagerServiceException)) {
    // Not the message: the SDK's error about a response that it cannot read quotes the response.
    const name = error instanceof Error ? error.name : typeof error;
    return {
      problem: `could not be read: no usable answer from Secrets Manager (${name})`,
      remedy: 'Deploy again; if it persists, see whether the service is disturbed in the region.',
    };
  }
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
    const because = /because ([\w ,:'-]{1,160})/.exec(message)?.[1];
    return {
      problem: `may not be read${because === undefined ? '' : ` (${because})`}`,
      remedy:
        "Look at the Secret's resource policy, the permissions boundary of the role and the organisation's policies: the nodes need it as well.",
    };
  }
  return {
    problem: `could not be read: ${name} (HTTP ${error.$metadata.httpStatusCode}, request ${error.$metadata.requestId})`,
    remedy: 'Deploy again; if it persists, look up the request in CloudTrail.',
  };
}
