import * as fs from 'node:fs';
import * as path from 'node:path';
import { Refusal } from '../refusal';

/** Of every key that NocoBase writes into a file: raw bytes, not text. It starts with no other length. */
export const KEY_BYTES = 32;

/** A key file that NocoBase would not start with. */
export class BrokenKey extends Refusal {}

/** What tells a storage folder from another one. NocoBase makes some of these whenever it starts. */
const SIGNS = ['apps', 'plugins', 'uploads', 'logs', 'environment-variables', '.license'];

const WHICH_FOLDER = 'Name the folder that the container has as /app/nocobase/storage.';

/** Refuses a folder that is not the storage of a NocoBase: the files that count would be somewhere else. */
export function checkStorage(folder: string): void {
  try {
    fs.readdirSync(folder);
  } catch (error) {
    throw new Refusal(`The storage folder ${folder} ${unreadable(error)}`, WHICH_FOLDER);
  }
  if (isStorage(folder)) return;
  const inside = path.join(folder, 'storage');
  throw new Refusal(
    `${folder} is not the storage folder of a NocoBase: it has none of ${SIGNS.join(', ')}.`,
    isStorage(inside) ? `Did you mean ${inside}?` : WHICH_FOLDER,
  );
}

/** The file, or undefined where NocoBase finds none. */
export function findFile(folder: string, ...segments: readonly string[]): string | undefined {
  const file = path.join(folder, ...segments);
  const found = statOf(file);
  if (found === undefined) {
    refuseDeadLinks(folder, segments);
    return undefined;
  }
  if (!found.isFile()) throw new Refusal(`The key file ${file} is no file. ${WHICH_FOLDER}`);
  return file;
}

/** The key in a file, which NocoBase would start with. */
export function readKey(file: string): Buffer {
  // Before anything is read: what is there may be huge.
  const size = statOf(file)?.size;
  if (size !== KEY_BYTES) {
    throw new BrokenKey(
      `The key file ${file} has ${size ?? 'no'} bytes. NocoBase writes ${KEY_BYTES}, and does not start with any other number.`,
      'It was cut off or converted on its way. Copy it anew, byte for byte, from where NocoBase runs.',
    );
  }
  const key = attempt(file, () => fs.readFileSync(file));
  if (!isConstant(key)) return key;
  throw new BrokenKey(
    `The key file ${file} holds one and the same byte ${KEY_BYTES} times, which is no key but a broken copy.`,
    'Copy it anew from where NocoBase runs.',
  );
}

/** What a copy that failed leaves, or somebody who needed a value of the right length. */
export function isConstant(key: Buffer): boolean {
  return key.every((byte) => byte === key[0]);
}

/** The applications of which something is stored. */
export function storedApps(folder: string): string[] {
  const names = ['apps', 'environment-variables'].flatMap((part) => namesIn(folder, part));
  return [...new Set(names)].sort();
}

/** What is in a folder of the storage; nothing, if the folder is not there. */
export function namesIn(folder: string, ...segments: readonly string[]): string[] {
  const place = path.join(folder, ...segments);
  if (!statOf(place)?.isDirectory()) {
    refuseDeadLinks(folder, segments);
    return [];
  }
  return attempt(place, () => fs.readdirSync(place));
}

/** A clause that follows the name of a file or folder, and what to do. */
export function unreadable(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
      return 'does not exist.';
    case 'ENOTDIR':
      return 'is no folder.';
    case 'EISDIR':
      return 'is a folder, not a file.';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by you: the container writes it as root. Run the command as root (sudo -E keeps your AWS profile).';
    default:
      return `could not be read (${code}).`;
  }
}

function statOf(file: string): fs.Stats | undefined {
  return attempt(file, () => ifThere(() => fs.statSync(file)));
}

function isLink(place: string): boolean {
  return attempt(place, () => ifThere(() => fs.lstatSync(place)))?.isSymbolicLink() ?? false;
}

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function attempt<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Refusal(`${file} ${unreadable(error)}`);
  }
}

/** What links to nowhere here may be a key in the container: not to find it is no proof that there is none. */
function refuseDeadLinks(folder: string, segments: readonly string[]): void {
  for (let depth = 1; depth <= segments.length; depth += 1) {
    const place = path.join(folder, ...segments.slice(0, depth));
    if (fs.existsSync(place)) continue;
    if (!isLink(place)) return;
    throw new Refusal(
      `${place} is a symbolic link to something that is not here. The container may well have it.`,
      'Put a copy of what it links to in its place, in a copy of the storage folder.',
    );
  }
}

function codeOf(error: unknown): string {
  return String(Object(error).code ?? 'unknown error');
}

function isStorage(folder: string): boolean {
  return SIGNS.some((sign) => fs.existsSync(path.join(folder, sign)));
}
