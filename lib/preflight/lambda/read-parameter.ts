import { GetParameterCommand, type SSMClient, SSMServiceException } from '@aws-sdk/client-ssm';
import type { Reading } from './checks';
import { because, isDenied, unreadable } from './read-secret';

/** Reads a parameter; that it cannot be read is a result too. */
export async function readParameter(client: SSMClient, arn: string, mayWait: () => Promise<boolean>): Promise<Reading> {
  for (;;) {
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: arn, WithDecryption: true }));
      if (Parameter?.Value === undefined) return { problem: 'has no value' };
      return Parameter.Type === 'SecureString' ? { text: Parameter.Value } : inClearText(Parameter.Type);
    } catch (error) {
      if (isDenied(error) && (await mayWait())) continue;
      return explain(error);
    }
  }
}

function inClearText(type: string | undefined): Reading {
  return {
    problem: `is a ${type}: everybody who may read parameters sees the value`,
    remedy: 'Store it as a SecureString, then deploy again.',
  };
}

function explain(error: unknown): Reading {
  if (error instanceof SSMServiceException) {
    const { name, message } = error;
    if (name === 'ParameterNotFound' || name === 'ParameterVersionNotFound') {
      return {
        problem: 'does not exist in this account and region',
        remedy: 'Create it as a SecureString, or correct the name that the prop was given, then deploy again.',
      };
    }
    if (name === 'InvalidKeyId' || (name === 'AccessDeniedException' && /\bkms:|\bKMS\b/.test(message))) {
      return {
        problem: 'cannot be decrypted: its KMS key is disabled or does not let this stack use it',
        remedy:
          'Pass the key with the parameter (StringParameter.fromSecureStringParameterAttributes(this, id, { parameterName, encryptionKey })), and look at the policy of the key: the nodes need it as well.',
      };
    }
    if (name === 'AccessDeniedException') {
      return {
        problem: `may not be read${because(message)}`,
        remedy:
          "Look at the permissions boundary of the role and the organisation's policies: the nodes need it as well.",
      };
    }
  }
  return unreadable(error, 'Parameter Store');
}
