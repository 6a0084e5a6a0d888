import { command } from '../command';
import { findAesKey } from './aes-key';
import { findAppKey } from './app-key';
import { readEnvironment } from './environment';
import { furtherKeys } from './further-keys';
import { type Options, parseOptions } from './options';
import { foundKeys, stored } from './report';
import { storeKeys } from './secret';
import { checkStorage } from './storage';

const HELP = `Usage: cdk-nocobase import-keys <storage> --secret <name> [options]

Reads the keys of a single NocoBase, checks them, and makes a Secret of them in AWS Secrets Manager, for
ApplicationKeys.fromSecret. No key is ever shown, and a Secret that is there is never changed.

  <storage>          the folder that the container has as /app/nocobase/storage
  --secret <name>    what the Secret shall be called
  --environment <file>
                     the variables that NocoBase is started with, e.g. .env, or - for standard input:
                       docker compose exec -T app env |
                         npx cdk-nocobase import-keys ./storage --secret nocobase-keys --environment -
  --app <name>       the only application that moves, where there are several
  --region <name>    where the cluster will be (else AWS_REGION, or the region of the profile)
  --profile <name>   whose credentials to use, of those that the AWS CLI knows
  --kms-key <key>    ARN, id or alias of the KMS key that encrypts the Secret (else that of AWS)
  --dry-run          say what would be done, and do nothing
`;

/** `cdk-nocobase import-keys`. */
export const importKeys = command('put the keys of a single NocoBase into AWS Secrets Manager', HELP, async (args) => {
  const options = parseOptions(args);
  if (options === undefined) return false;
  await importInto(options);
  return true;
});

async function importInto(options: Options): Promise<void> {
  const { storage, app } = options;
  checkStorage(storage);
  const environment = options.environment === undefined ? undefined : await readEnvironment(options.environment);
  const keys = { aesKey: findAesKey(storage, app, environment), appKey: findAppKey(storage, environment) };
  process.stdout.write(foundKeys(keys, furtherKeys(storage, environment)));
  process.stdout.write(stored(await storeKeys(keys, options), keys, options));
}
