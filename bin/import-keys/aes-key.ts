import * as path from 'node:path';
import { Refusal } from '../refusal';
import { ASK_THE_CONTAINER } from './container';
import type { Environment } from './environment';
import { BrokenKey, findFile, isConstant, KEY_BYTES, readKey, storedApps } from './storage';

/** `APP_AES_SECRET_KEY`, with which NocoBase decrypts secret variables and passwords in its database. */
export interface AesKey {
  readonly bytes: Buffer;
  /** Where it was found, as it stands in a sentence. */
  readonly source: string;
  /** What one should know of it: paragraphs. */
  readonly notes: readonly string[];
}

const CONTAINER_FOLDER = '/app/nocobase';

/**
 * The key that NocoBase uses, by its own rules (2.x, `aes-encryptor.ts`): the variable, else the file that another
 * variable names, else a file of the application.
 */
export function findAesKey(storage: string, app: string | undefined, environment: Environment | undefined): AesKey {
  const name = app ?? 'main';
  const declared = environment && (inVariable(environment) ?? inNamedFile(storage, environment));
  const file = keyFile(storage, name);
  if (declared !== undefined) {
    if (file !== undefined && holdsAnother(file, declared.bytes)) throw twoKeys(declared, file);
    return declared;
  }
  if (file === undefined) throw noKey(storage, name, environment);
  const bytes = readKey(file);
  return {
    bytes,
    source: file,
    notes: [
      ...(environment === undefined ? [NOT_LOOKED_AT] : []),
      ...besideTheFile(storage, name, file, bytes),
      ...othersHaveTheirs(storage, app, bytes),
    ],
  };
}

const NOT_LOOKED_AT = [
  'Only files were looked at. Should NocoBase be started with APP_AES_SECRET_KEY or APP_AES_SECRET_KEY_PATH, then that',
  'counts and not the file, and with this Secret the cluster cannot read what NocoBase has encrypted. To be sure:',
  `  ${ASK_THE_CONTAINER}`,
].join('\n');

/** In NocoBase before 1.6 the plug-in for variables had the key. NocoBase takes it over if it has none of its own. */
function keyFile(storage: string, app: string): string | undefined {
  return findFile(storage, 'apps', app, 'aes_key.dat') ?? formerFile(storage, app);
}

function formerFile(storage: string, app: string): string | undefined {
  return findFile(storage, 'environment-variables', app, 'aes_key.dat');
}

/** Also if it is broken: NocoBase made it for something. */
function holdsAnother(file: string, key: Buffer): boolean {
  try {
    return !readKey(file).equals(key);
  } catch (error) {
    if (error instanceof BrokenKey) return true;
    throw error;
  }
}

function inVariable(environment: Environment): AesKey | undefined {
  const value = environment.variables.get('APP_AES_SECRET_KEY');
  if (!value) return undefined;
  const source = `APP_AES_SECRET_KEY in ${environment.source}`;
  // As NocoBase 2 does it: up to the first character that is none.
  const bytes = Buffer.from(value, 'hex');
  if (bytes.length === KEY_BYTES) {
    return { bytes, source, notes: [...moreThanHex(value, source), ...guessable(bytes, source)] };
  }
  // NocoBase 1 took the text itself for the key; NocoBase 2 does not start with this length.
  if (value.length === KEY_BYTES && /^[\x21-\x7e]+$/.test(value)) {
    const note = `${source} has ${KEY_BYTES} characters, which only NocoBase 1 starts with. The Secret holds them as NocoBase 2 needs them.`;
    const text = Buffer.from(value);
    return { bytes: text, source, notes: [note, ...guessable(text, source)] };
  }
  throw new Refusal(
    value.trim() === ''
      ? `${source} is nothing but white space.`
      : `${source} has ${value.length} characters, and is not the ${2 * KEY_BYTES} hexadecimal ones of a key.`,
    'NocoBase does not start with it. So it is not what NocoBase was started with, or was changed since. Ask the container:',
    `  ${ASK_THE_CONTAINER}`,
  );
}

function moreThanHex(value: string, source: string): string[] {
  if (value.length === 2 * KEY_BYTES) return [];
  return [
    `${source} has ${value.length} characters. NocoBase reads the first ${2 * KEY_BYTES}, and those are in the Secret.`,
  ];
}

function guessable(key: Buffer, source: string): string[] {
  if (!isConstant(key)) return [];
  return [
    `${source} is one character over and over, which is easily guessed. It is what NocoBase has encrypted with, and so it was taken.`,
  ];
}

function inNamedFile(storage: string, environment: Environment): AesKey | undefined {
  const value = environment.variables.get('APP_AES_SECRET_KEY_PATH');
  if (!value) return undefined;
  const file = hostPath(storage, environment, value);
  if (file === undefined) {
    throw new Refusal(
      `${environment.source} has APP_AES_SECRET_KEY_PATH: the AES key is in a file of the container, which is not in ${storage}.`,
      'Let the container hand it over as what the variable would be:',
      `  docker compose exec -T app sh -c 'env; printf "APP_AES_SECRET_KEY=%s\\n" "$(od -An -v -tx1 "$APP_AES_SECRET_KEY_PATH" | tr -d " \\n")"' | npx cdk-nocobase import-keys … --environment -`,
    );
  }
  return { bytes: readKey(file), source: file, notes: [] };
}

/** NocoBase starts from its own path; whoever has a file of variables beside NocoBase, from that file's folder. */
function hostPath(storage: string, environment: Environment, value: string): string | undefined {
  const stored = path.posix.relative(`${CONTAINER_FOLDER}/storage`, path.posix.resolve(CONTAINER_FOLDER, value));
  if (!stored.startsWith('..')) return findFile(storage, stored);
  if (environment.file === undefined) return undefined;
  return findFile(path.resolve(path.dirname(environment.file), value));
}

function twoKeys(declared: AesKey, file: string): Refusal {
  return new Refusal(
    `There are two different AES keys: ${declared.source}, and ${file}.`,
    'NocoBase uses the first one, if it was really started with it; what was encrypted with the other one it cannot read.',
    'Look at something encrypted in NocoBase, e.g. whether a secret variable still works. If it does and NocoBase was started',
    `with the first one, rename ${path.basename(file)}; if not, take the variable out of what --environment names. Then run this again.`,
  );
}

function noKey(storage: string, app: string, environment: Environment | undefined): Refusal {
  const place = path.join(storage, 'apps', app, 'aes_key.dat');
  if (environment === undefined) {
    return new Refusal(
      `There is no ${place}. So NocoBase has its key from APP_AES_SECRET_KEY, and its environment is needed:`,
      `  ${ASK_THE_CONTAINER}`,
      'A file of variables will do too: --environment .env',
    );
  }
  return new Refusal(
    `There is no AES key: neither ${place}, nor APP_AES_SECRET_KEY in ${environment.source}.`,
    'A NocoBase that has been started (1.6 or newer) has one or the other. Is it the right folder, and the environment that',
    'NocoBase was really started with? A new key is not made: what is encrypted already could not be read with it.',
  );
}

function besideTheFile(storage: string, app: string, file: string, bytes: Buffer): string[] {
  const former = formerFile(storage, app);
  if (former === undefined || former === file || !holdsAnother(former, bytes)) return [];
  return [
    `${former} holds another key, which is of an older NocoBase. NocoBase does not look at it, and it was left out.`,
  ];
}

/** A node has one `APP_AES_SECRET_KEY` for all its applications; without it each has a file of its own. */
function othersHaveTheirs(storage: string, app: string | undefined, bytes: Buffer): string[] {
  const others = storedApps(storage)
    .filter((other) => other !== (app ?? 'main'))
    .filter((other) => {
      const file = keyFile(storage, other);
      return file !== undefined && holdsAnother(file, bytes);
    });
  if (others.length === 0) return [];
  const [they, have] =
    others.length === 1 ? ['it', 'has an AES key of its own'] : ['they', 'have AES keys of their own'];
  if (app !== undefined) {
    return [`${others.join(', ')} ${have}. In a cluster with this Secret nothing can be read that ${they} encrypted.`];
  }
  throw new Refusal(
    `${others.join(', ')} ${have}, but the nodes of a cluster have one key for all applications.`,
    `What ${they} encrypted could not be read with the key of main, and nothing was done.`,
    `If ${they} ${others.length === 1 ? 'does' : 'do'} not move, or ${others.length === 1 ? 'has' : 'have'} encrypted nothing, say so with --app main.`,
  );
}
