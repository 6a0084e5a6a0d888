import { credentialsRefusal } from './aws-failure';
import { Refusal } from './refusal';

/** Who asks, and where. */
export interface Asking {
  readonly region?: string;
  readonly profile?: string;
}

interface Client {
  readonly config: { region(): Promise<string>; credentials(): Promise<unknown> };
}

/** How every client of the SDK is made here. */
export function clientSettings({ region, profile }: Asking) {
  // It would say at every run that some later SDK needs a newer Node. This one was packed with the command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  return {
    // The AWS CLI and CDK know a second variable.
    region: region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION,
    profile,
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 30_000 },
  };
}

/** @param of what has a region, as people call it */
export async function regionOf({ config }: Client, { region }: Asking, of: string): Promise<string> {
  try {
    return await config.region();
  } catch {
    throw new Refusal(
      region === undefined
        ? `In which region? Say --region eu-central-1, for example, or set AWS_REGION. It is the region of the ${of}.`
        : `--region is not the name of a region. It is that of the ${of}, eu-central-1 for example.`,
    );
  }
}

export async function checkCredentials({ config }: Client, { profile }: Asking): Promise<void> {
  try {
    await config.credentials();
  } catch (error) {
    throw credentialsRefusal(error, profile ?? process.env.AWS_PROFILE);
  }
}
