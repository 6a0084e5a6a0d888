import type { Options } from './options';
import type { Keys, Outcome } from './secret';

/** What was found, and what one should know before it is used: lengths and places, never values. */
export function foundKeys({ appKey, aesKey }: Keys, furtherNotes: readonly string[]): string {
  const notes = [...aesKey.notes, ...appKey.notes, ...furtherNotes];
  return [
    `APP_KEY             ${appKey.value.length} characters, ${appKey.isNew ? appKey.source : `from ${appKey.source}`}`,
    `APP_AES_SECRET_KEY  ${aesKey.bytes.length} bytes, from ${aesKey.source}`,
    ...notes.map((note) => `\n! ${note.replaceAll('\n', '\n  ')}`),
    '',
    '',
  ].join('\n');
}

export function stored(outcome: Outcome, keys: Keys, options: Options): string {
  const secret = `Secret ${options.secret} in ${place(outcome)}`;
  switch (outcome.kind) {
    case 'would be made':
      return `The ${secret} would be made. Nothing was made: this was a dry run.\n`;
    case 'made':
      return `The ${secret} was made.\n\n${next(outcome, options)}`;
    case 'is there': {
      const same = keys.appKey.isNew ? 'the same AES key and an APP_KEY that was made before' : 'the same keys';
      return `The ${secret} is already there, with ${same}. Nothing was changed.\n\n${next(outcome, options)}`;
    }
  }
}

function place({ arn, region }: Outcome): string {
  const account = arn?.split(':')[4];
  return account === undefined ? region : `${region}, account ${account}`;
}

function next({ arn }: Outcome, { secret, kmsKey }: Options): string {
  const code =
    kmsKey === undefined || arn === undefined
      ? [`keys: ApplicationKeys.fromSecret(Secret.fromSecretNameV2(this, 'Keys', '${secret}')),`]
      : [
          'keys: ApplicationKeys.fromSecret(',
          "  Secret.fromSecretAttributes(this, 'Keys', {",
          `    secretCompleteArn: '${arn}',`,
          `    encryptionKey: ${encryptionKey(kmsKey, arn)},`,
          '  }),',
          '),',
        ];
  return ['Give it to the cluster:', '', ...code.map((line) => `  ${line}`), ''].join('\n');
}

/** Policies need the ARN of a key; an alias in its place allows nothing. */
function encryptionKey(kmsKey: string, secretArn: string): string {
  const alias = /(?:^|:)(alias\/.+)$/.exec(kmsKey)?.[1];
  if (alias !== undefined) return `Key.fromLookup(this, 'KeysKey', { aliasName: '${alias}' })`;
  const [, partition, , region, account] = secretArn.split(':');
  const keyArn = kmsKey.startsWith('arn:') ? kmsKey : `arn:${partition}:kms:${region}:${account}:key/${kmsKey}`;
  return `Key.fromKeyArn(this, 'KeysKey', '${keyArn}')`;
}
