import { deniedBy, notAsked, partsOf, whoIs } from '../aws-failure';
import { Refusal } from '../refusal';

/** What was asked of AWS. */
export interface Request {
  /** As IAM calls it, e.g. `secretsmanager:CreateSecret`. */
  readonly action: string;
  readonly secret: string;
  readonly region: string;
  readonly kmsKey?: string;
}

/**
 * What AWS refused, in sentences of our own: messages of AWS may quote what it was sent. Of those nothing is repeated but
 * who was refused.
 */
export function awsRefusal(error: unknown, request: Request): Refusal {
  const failure = partsOf(error);
  const { name, message } = failure;
  if (/^AccessDenied/.test(name)) {
    return /perform: kms:|Access to KMS/.test(message) ? kmsDenied(message, request) : accessDenied(message, request);
  }
  if (/^(EncryptionFailure|DecryptionFailure|KMS\w*|NotFoundException)$/.test(name)) return kmsFailed(request);
  const problem = notAsked(failure, 'AWS Secrets Manager', request.region);
  if (problem) return new Refusal(...problem);
  if (name === 'InvalidRequestException' && /deletion/i.test(message)) {
    return new Refusal(
      `A Secret called ${request.secret} is about to be deleted in ${request.region}, and its name is taken until then.`,
      `Take another name, or look whether you want it back: aws secretsmanager restore-secret --secret-id ${request.secret}`,
    );
  }
  if (name === 'LimitExceededException') {
    return new Refusal(
      `Your account has as many Secrets in ${request.region} as AWS allows. Delete one, or ask AWS for more.`,
    );
  }
  if (isBadParameter(name) && request.kmsKey !== undefined) return kmsFailed(request);
  return new Refusal(
    `AWS answered ${request.action} with ${/^\w{1,60}$/.test(name) ? name : 'an error'}. Nothing was changed that was there before.`,
    'If it is not clear why, wait a minute and run this again: it finds out by itself what has been made.',
  );
}

/** Whether AWS said that there is no such Secret. */
export function isNotFound(error: unknown): boolean {
  return partsOf(error).name === 'ResourceNotFoundException';
}

/** Whether AWS said that there is a Secret of that name already. */
export function isTaken(error: unknown): boolean {
  return partsOf(error).name === 'ResourceExistsException';
}

function accessDenied(message: string, request: Request): Refusal {
  return new Refusal(
    `AWS does not let ${whoIs(message)} do ${request.action} on ${request.secret} in ${request.region}.`,
    'Needed are secretsmanager:CreateSecret, and secretsmanager:GetSecretValue to compare with a Secret that is already there.',
    ...deniedBy(message),
  );
}

function kmsDenied(message: string, request: Request): Refusal {
  return new Refusal(
    `AWS does not let ${whoIs(message)} use ${keyOf(request)} through Secrets Manager.`,
    'Needed are kms:GenerateDataKey and kms:Decrypt on that key, in your policies or in the policy of the key.',
  );
}

function kmsFailed(request: Request): Refusal {
  return new Refusal(
    `Secrets Manager cannot use ${keyOf(request)} in ${request.region}.`,
    'It has to be a symmetric key for encryption, enabled, in that region, and you have to be allowed to use it.',
  );
}

function keyOf({ kmsKey }: Request): string {
  return kmsKey === undefined ? 'the KMS key of the Secret' : `the KMS key ${kmsKey}`;
}

function isBadParameter(name: string): boolean {
  return [
    'InvalidParameterException',
    'InvalidRequestException',
    'ValidationException',
    'ResourceNotFoundException',
  ].includes(name);
}
