import { Refusal } from '../import-keys/refusal';

/** What AWS did not do, in sentences. */
export class AwsRefusal extends Refusal {
  constructor(
    /** As the service calls it, e.g. `DBInstanceNotFound`. */
    public readonly code: string,
    ...sentences: readonly string[]
  ) {
    super(...sentences);
  }
}

/** Whether AWS said so. */
export function isAws(error: unknown, code: RegExp): boolean {
  return error instanceof AwsRefusal && code.test(error.code);
}

const NETWORK = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|EPROTO)$/;
const CREDENTIALS =
  /^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|OptInRequired|AuthFailure)/;

/** @param action as IAM calls it, e.g. `rds:ModifyDBInstance` */
export function awsRefusal(error: unknown, action: string, region: string): Refusal {
  if (error instanceof Refusal) return error;
  const {
    name = '',
    message = '',
    code = codeIn(message),
  }: { name?: string; message?: string; code?: string } = Object(error);
  const refuse = (...sentences: string[]) => new AwsRefusal(name || code, ...sentences);
  if (/AccessDenied|UnauthorizedOperation|NotAuthorized/.test(name)) {
    const [, who] = /\bUser: (arn:aws[\w-]*:(?:sts|iam)::\d{12}:[\w+=,.@/-]{1,200}) is not/.exec(message) ?? [];
    const [, what = action] = /perform: ([\w-]+:\w+)/.exec(message) ?? [];
    return refuse(
      `AWS does not let ${who ?? 'you'} do ${what} in ${region}.`,
      'docs/operations lists the permissions that this command needs. Run it again when you have them.',
      ...(/explicit deny/i.test(message)
        ? ['A policy denies it expressly; your account, its organization or a permissions boundary may have that.']
        : []),
    );
  }
  if (/^Expired|^RequestExpired$/.test(name)) {
    return refuse('Your AWS credentials have expired. Sign in again (aws sso login, for example), and run this again.');
  }
  if (CREDENTIALS.test(name)) {
    return refuse(
      `AWS does not accept your credentials in ${region} (${name}). They are wrong, of another partition, or the region`,
      'is not enabled in your account. It also happens when the clock of this machine is wrong.',
    );
  }
  if (/CERT|SIGNATURE/.test(code)) {
    return refuse(
      `What answers for AWS in ${region} has a certificate that Node does not trust (${code}).`,
      'If your network looks into TLS, give Node its certificate: NODE_EXTRA_CA_CERTS=/path/to/it.pem',
    );
  }
  if (NETWORK.test(code) || name === 'TimeoutError') {
    return refuse(
      `AWS in ${region} could not be reached (${code || name}). Is ${region} the name of a region, and does this machine`,
      'get out to AWS? A proxy is not used. Run this again then: it goes on where it was.',
    );
  }
  return refuse(`AWS refused ${action} in ${region}: ${message.trim() || name || 'no reason was given'}`);
}

/** The SDK may have put what Node said into an error of its own. */
function codeIn(message: string): string {
  return /\b(E[A-Z_]{4,}|\w*CERT\w*)\b/.exec(message)?.[1] ?? '';
}
