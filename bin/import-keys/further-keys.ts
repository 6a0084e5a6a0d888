import * as path from 'node:path';
import type { Environment } from './environment';
import { namesIn, storedApps } from './storage';

/** What NocoBase encrypts with other keys than the two, as paragraphs: they have to move too, or it cannot be read. */
export function furtherKeys(storage: string, environment: Environment | undefined): string[] {
  return [...fieldEncryption(storage), ...variables(environment)];
}

/** The plug-in "field encryption" has keys of its own (docs/data-sources/field-encryption). */
function fieldEncryption(storage: string): string[] {
  const folders = storedApps(storage)
    .map((app) => ['apps', app, 'encryption-field-keys'])
    .filter((segments) => namesIn(storage, ...segments).some((name) => name.endsWith('.key')))
    .map((segments) => path.join(storage, ...segments));
  if (folders.length === 0) return [];
  return [
    [
      'The plug-in for encrypted fields has keys of its own, which are not in the Secret:',
      ...folders.map((folder) => `  ${folder}`),
      'Copy them with the storage, and keep a copy elsewhere. Without them encrypted fields cannot be read.',
    ].join('\n'),
  ];
}

function variables(environment: Environment | undefined): string[] {
  if (environment === undefined || environment.otherKeys.length === 0) return [];
  const one = environment.otherKeys.length === 1;
  return [
    [
      `${environment.otherKeys.join(', ')} in ${environment.source} ${one ? 'is a key' : 'are keys'} too, which ${one ? 'is' : 'are'} not in the Secret.`,
      `Give ${one ? 'it' : 'them'} to the cluster as \`secrets\`, or what was encrypted with ${one ? 'it' : 'them'} cannot be read.`,
      ...(environment.otherKeys.includes('ENCRYPTION_FIELD_KEY_PATH')
        ? [
            'ENCRYPTION_FIELD_KEY_PATH is the name of a file: copy that file with the storage, and give its name as `environment`.',
          ]
        : []),
    ].join('\n'),
  ];
}
