import { Refusal } from './refusal';

/** What was asked of AWS. */
export interface Request {
  /** As IAM calls it, e.g. `secretsmanager:CreateSecret`. */
  readonly action: string;
  readonly secret: string;
  readonly region: string;
  readonly kmsKey?: string;
}

const NETWORK = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'EPROTO',
];

/**
 * What AWS refused, in sentences of our own: messages of AWS may quote what it was sent. Of those nothing is repeated but
 * who was refused.
 */
export function awsRefusal(error: unknown, request: Request): Refusal {
  const { name, message, code } = partsOf(error);
  if (/^AccessDenied/.test(name)) {
    return /perform: kms:|Access to KMS/.test(message) ? kmsDenied(message, request) : accessDenied(message, request);
  }
  if (/^(EncryptionFailure|DecryptionFailure|KMS\w*|NotFoundException)$/.test(name)) return kmsFailed(request);
  if (/^Expired|^RequestExpired$/.test(name)) {
    return new Refusal(
      'Your AWS credentials have expired. Sign in again (aws sso login, for example), and run this again.',
    );
  }
  if (
    /^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|OptInRequired)/.test(
      name,
    )
  ) {
    return new Refusal(
      `AWS does not accept your credentials in ${request.region} (${name}). They are wrong, of another partition, or the region`,
      'is not enabled in your account. It also happens when the clock of this machine is wrong.',
    );
  }
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
  if (/CERT|SIGNATURE/.test(code)) {
    return new Refusal(
      `What answers for AWS Secrets Manager in ${request.region} has a certificate that Node does not trust (${code}).`,
      'If your network looks into TLS, give Node its certificate: NODE_EXTRA_CA_CERTS=/path/to/it.pem',
    );
  }
  if (NETWORK.includes(code) || name === 'TimeoutError') {
    return new Refusal(
      `AWS Secrets Manager in ${request.region} could not be reached (${code || name}). Is ${request.region} the name of a region,`,
      'and does this machine get out to AWS? A proxy is not used.',
    );
  }
  return new Refusal(
    `AWS answered ${request.action} with ${/^\w{1,60}$/.test(name) ? name : 'an error'}. Nothing was changed that was there before.`,
    'If it is not clear why, wait a minute and run this again: it finds out by itself what has been made.',
  );
}

/** Why there are no credentials. */
export function credentialsRefusal(error: unknown, profile: string | undefined): Refusal {
  const { name, message } = partsOf(error);
  const whose = profile === undefined ? '' : ` of profile ${profile}`;
  const option = profile === undefined ? '' : ` --profile ${profile}`;
  if (/multi-factor/.test(message)) {
    return new Refusal(
      `The credentials${whose} need a code of your MFA device, which cannot be entered here. Let the AWS CLI ask for it:`,
      `  eval "$(aws configure export-credentials${option} --format env)"`,
      'and run this again without --profile.',
    );
  }
  if (/\bsso\b/i.test(message) || /expired/i.test(message) || /\/login\//.test(message)) {
    const login = /\/login\//.test(message) ? 'aws login' : 'aws sso login';
    return new Refusal(`You are not signed in to AWS any more. Sign in (${login}${option}), and run this again.`);
  }
  if (/^AccessDenied/.test(name)) {
    return new Refusal(`AWS does not let you take the role${whose}. Ask whoever looks after your account.`);
  }
  return new Refusal(
    profile === undefined
      ? 'There are no AWS credentials. Name a profile (--profile), or sign in (aws configure, aws sso login).'
      : `There are no AWS credentials for profile ${profile}. aws configure list-profiles shows which profiles there are.`,
    'In a shell of root (sudo) your own are there only with sudo -E.',
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
    ...(/explicit deny/i.test(message)
      ? ['A policy denies it expressly; your account, its organization or a permissions boundary may have that.']
      : []),
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

/** `User: arn:… is not authorized …`: worth repeating, as many have several profiles. */
function whoIs(message: string): string {
  const [, arn] = /\bUser: (arn:aws[\w-]*:(?:sts|iam)::\d{12}:[\w+=,.@/-]{1,200}) is not/.exec(message) ?? [];
  return arn ?? 'you';
}

function isBadParameter(name: string): boolean {
  return [
    'InvalidParameterException',
    'InvalidRequestException',
    'ValidationException',
    'ResourceNotFoundException',
  ].includes(name);
}

function partsOf(error: unknown): { name: string; message: string; code: string } {
  const { name, message, code }: Partial<Record<'name' | 'message' | 'code', unknown>> = Object(error);
  return { name: String(name ?? ''), message: String(message ?? ''), code: String(code ?? '') };
}
