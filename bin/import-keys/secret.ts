import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { checkCredentials, clientSettings, regionOf } from '../aws-client';
import { Refusal } from '../refusal';
import type { AesKey } from './aes-key';
import { type AppKey, isSafe } from './app-key';
import { awsRefusal, isNotFound, isTaken } from './aws-failure';
import type { Options } from './options';

/** What goes into the Secret. */
export interface Keys {
  readonly appKey: AppKey;
  readonly aesKey: AesKey;
}

/** What became of the Secret. */
export interface Outcome {
  readonly kind: 'made' | 'would be made' | 'is there';
  /** Undefined if there is no Secret yet. */
  readonly arn?: string;
  readonly region: string;
}

/** Of a Secret's value. */
const BYTES_AT_MOST = 65_536;

/** Makes the Secret, or finds that it is there already and holds the same. It never changes one. */
export async function storeKeys(keys: Keys, options: Options): Promise<Outcome> {
  const value = secretValue(keys);
  const client = new SecretsManagerClient(clientSettings(options));
  const region = await regionOf(client, options, 'cluster');
  await checkCredentials(client, options);
  const request = { secret: options.secret, region, kmsKey: options.kmsKey };

  if (!options.dryRun) {
    // Made before anything is asked: nobody can come in between, and no more permission is needed.
    try {
      const { ARN } = await client.send(
        new CreateSecretCommand({
          Name: options.secret,
          Description: 'APP_KEY and APP_AES_SECRET_KEY of a NocoBase: encrypted data cannot be read without them',
          KmsKeyId: options.kmsKey,
          SecretString: value,
        }),
      );
      return { kind: 'made', arn: ARN, region };
    } catch (error) {
      if (!isTaken(error)) throw awsRefusal(error, { ...request, action: 'secretsmanager:CreateSecret' });
    }
  }

  try {
    const { ARN, SecretString } = await client.send(new GetSecretValueCommand({ SecretId: options.secret }));
    checkSame(SecretString, keys, options.secret);
    return { kind: 'is there', arn: ARN, region };
  } catch (error) {
    if (options.dryRun && isNotFound(error)) return { kind: 'would be made', region };
    if (error instanceof Refusal) throw error;
    throw awsRefusal(error, { ...request, action: 'secretsmanager:GetSecretValue' });
  }
}

function secretValue({ appKey, aesKey }: Keys): string {
  const value = JSON.stringify({ APP_KEY: appKey.value, APP_AES_SECRET_KEY: aesKey.bytes.toString('hex') });
  if (Buffer.byteLength(value) <= BYTES_AT_MOST) return value;
  throw new Refusal(`${appKey.source} has ${appKey.value.length} characters. A Secret holds ${BYTES_AT_MOST} bytes.`);
}

/** Refuses a Secret that a cluster could not be run with in the place of the one that would have been made. */
function checkSame(text: string | undefined, { appKey, aesKey }: Keys, secret: string): void {
  const there = fieldsOf(text);
  const other = [
    isSameAes(there.APP_AES_SECRET_KEY, aesKey) ? [] : ['APP_AES_SECRET_KEY'],
    isSameApp(there.APP_KEY, appKey) ? [] : ['APP_KEY'],
  ].flat();
  if (other.length === 0) return;
  throw new Refusal(
    `There is a Secret called ${secret} already, and its ${other.join(' and ')} ${other.length === 1 ? 'is another one or missing' : 'are others or missing'}.`,
    'Nothing was changed: whatever uses that Secret may need it as it is. Take another name.',
  );
}

function isSameAes(there: unknown, { bytes }: AesKey): boolean {
  return typeof there === 'string' && /^[0-9a-f]{64}$/i.test(there) && Buffer.from(there, 'hex').equals(bytes);
}

function isSameApp(there: unknown, { value, isNew }: AppKey): boolean {
  // One that was made new at an earlier run is as good as one that is made now.
  return typeof there === 'string' && (isNew ? isSafe(there) : there === value);
}

function fieldsOf(text: string | undefined): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    // The error of JSON.parse quotes the text.
    return {};
  }
}
