import { Refusal } from './refusal';

/** What an error of the SDK, or of Node below it, says of itself. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code: string;
}

const NETWORK = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|EPROTO)$/;
const CREDENTIALS =
  /^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|OptInRequired|AuthFailure)/;

/**
 * Why a request did not get to be judged, if it did not: the session, the network.
 * @param service as people call it
 * @param again what to do when it is mended
 */
export function notAsked({ name, code }: Failure, service: string, region: string, again = ''): string[] | undefined {
  if (/^Expired|^RequestExpired$/.test(name)) {
    return ['Your AWS credentials have expired. Sign in again (aws sso login, for example), and run this again.'];
  }
  if (CREDENTIALS.test(name)) {
    return [
      `AWS does not accept your credentials in ${region} (${name}). They are wrong, of another partition, or the region`,
      'is not enabled in your account. It also happens when the clock of this machine is wrong.',
    ];
  }
  if (/CERT|SIGNATURE/.test(code)) {
    return [
      `What answers for ${service} in ${region} has a certificate that Node does not trust (${code}).`,
      'If your network looks into TLS, give Node its certificate: NODE_EXTRA_CA_CERTS=/path/to/it.pem',
    ];
  }
  if (NETWORK.test(code) || name === 'TimeoutError') {
    return [
      `${service} in ${region} could not be reached (${code || name}). Is ${region} the name of a region,`,
      `and does this machine get out to AWS? A proxy is not used.${again}`,
    ];
  }
  return undefined;
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

/** `User: arn:… is not authorized …`: worth repeating, as many have several profiles. */
export function whoIs(message: string): string {
  const [, arn] = /\bUser: (arn:aws[\w-]*:(?:sts|iam)::\d{12}:[\w+=,.@/-]{1,200}) is not/.exec(message) ?? [];
  return arn ?? 'you';
}

/** What is worth knowing of a refusal beyond who and what. */
export function deniedBy(message: string): string[] {
  return /explicit deny/i.test(message)
    ? ['A policy denies it expressly; your account, its organization or a permissions boundary may have that.']
    : [];
}

export function partsOf(error: unknown): Failure {
  const { name, message, code }: Partial<Record<'name' | 'message' | 'code', unknown>> = Object(error);
  return { name: String(name ?? ''), message: String(message ?? ''), code: String(code ?? '') };
}
