import { randomBytes } from 'node:crypto';
import { Refusal } from '../refusal';
import { ASK_THE_CONTAINER } from './container';
import type { Environment } from './environment';
import type { Name } from './names';
import { findFile, readKey } from './storage';

/** `APP_KEY`, with which NocoBase signs the tokens of users and API keys. */
export interface AppKey {
  readonly value: string;
  /** Made just now, so that any other would do as well. */
  readonly isNew: boolean;
  /** Where it comes from, as it stands in a sentence. */
  readonly source: string;
  /** What one should know of it: paragraphs. */
  readonly notes: readonly string[];
}

/** NocoBase's own fall-back, and the examples of its documentation: whoever knows them can sign in as anybody. */
const KNOWN_TO_EVERYBODY = [
  'test-jwt-secret',
  'your-secret-key',
  'replace-with-your-secret-key',
  'app-key-test',
  '4jAokvLKTJgM0v_JseUkJ',
  'test-key',
  'test-key-e2e',
];

/** Shorter ones can be found by trial from a single token. */
const SHORT = 16;

const ALL_SIGN_IN_AGAIN = 'all users sign in again once, and API keys have to be made anew';

/** Whether a cluster can be run with it. */
export function isSafe(value: string): boolean {
  // `docker run --env-file` leaves quotes in values.
  const bare = value.trim().replace(/^(['"])(.*)\1$/, '$2');
  return bare.trim() !== '' && !KNOWN_TO_EVERYBODY.includes(bare);
}

/**
 * The key that NocoBase uses, by its own rules (2.x, `auth-manager.ts`), if it can be an `APP_KEY`: the file of the main
 * application, whichever application it is, else the variable.
 */
export function findAppKey(storage: string, environment: Environment | undefined): AppKey {
  const file = findFile(storage, 'apps', 'main', 'jwt_secret.dat');
  const ignoresFile = environment?.variables.get('UNSAFE_USE_DEFAULT_JWT_SECRET') === 'true';
  if (file !== undefined && !ignoresFile) return inFile(file, environment);
  if (environment === undefined) {
    throw new Refusal(
      `There is no jwt_secret.dat in ${storage}/apps/main. So NocoBase has its key from APP_KEY, and its environment is needed:`,
      `  ${ASK_THE_CONTAINER}`,
      'A file of variables will do too: --environment .env',
    );
  }
  const key = inVariable(environment) ?? madeNew([publicConstant(environment)]);
  const doubts = [
    ...(key.isNew ? [] : doubt(environment, 'APP_KEY')),
    ...(file === undefined ? [] : doubt(environment, 'UNSAFE_USE_DEFAULT_JWT_SECRET')),
  ];
  return { ...key, notes: [...key.notes, ...(file === undefined ? [] : [leaveBehind(file)]), ...doubts] };
}

/** Why NocoBase may have another value, and what becomes of it. */
function doubt({ doubts }: Environment, name: Name): string[] {
  const why = doubts.get(name);
  if (why === undefined) return [];
  return [
    [
      why,
      `Should NocoBase have another one, then with this Secret ${ALL_SIGN_IN_AGAIN}.`,
      'To be sure:',
      `  ${ASK_THE_CONTAINER}`,
    ].join('\n'),
  ];
}

function inFile(file: string, environment: Environment | undefined): AppKey {
  const bytes = readKey(file);
  const text = bytes.toString('latin1');
  // Somebody's own: 32 random bytes are hardly ever characters.
  if (/^[\x20-\x7e]+$/.test(text)) return { value: text, isNew: false, source: file, notes: [] };
  const key = (environment && inVariable(environment)) ?? madeNew([]);
  return { ...key, notes: [...key.notes, notExpressible(file)] };
}

function inVariable(environment: Environment): AppKey | undefined {
  const value = environment.variables.get('APP_KEY') ?? '';
  if (!isSafe(value)) return undefined;
  const source = `APP_KEY in ${environment.source}`;
  return { value, isNew: false, source, notes: value.length < SHORT ? [short(value, source)] : [] };
}

function madeNew(notes: readonly string[]): AppKey {
  return { value: randomBytes(48).toString('base64url'), isNew: true, source: 'made new', notes };
}

function notExpressible(file: string): string {
  return [
    `NocoBase signs with ${file}, which counts before APP_KEY wherever it lies in the storage.`,
    'Its bytes are no text, and so they cannot be APP_KEY. You choose when you copy the storage:',
    '  with apps/main/jwt_secret.dat     it goes on to count: users stay signed in, API keys stay valid',
    `  without it                        APP_KEY of the Secret counts: ${ALL_SIGN_IN_AGAIN}`,
  ].join('\n');
}

function leaveBehind(file: string): string {
  return [
    `NocoBase signs with APP_KEY, because UNSAFE_USE_DEFAULT_JWT_SECRET is set. A cluster does not have that variable.`,
    `Leave ${file} behind when you copy the storage: there it would count before APP_KEY, and ${ALL_SIGN_IN_AGAIN}.`,
  ].join('\n');
}

function publicConstant(environment: Environment): string {
  return [
    `NocoBase signs with a key out of its own sources or documentation: APP_KEY in ${environment.source} is missing, empty`,
    'or one of those. Whoever reads them can sign in as anybody, and so it was not taken over.',
    `With the new one ${ALL_SIGN_IN_AGAIN}.`,
  ].join('\n');
}

function short(value: string, source: string): string {
  return [
    `${source} has ${value.length} characters, few enough to be found by trial. Whoever has it can sign in as anybody.`,
    `It was taken as it is. Take a longer one when you can: ${ALL_SIGN_IN_AGAIN}.`,
  ].join('\n');
}
