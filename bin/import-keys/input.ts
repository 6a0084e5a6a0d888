import * as fs from 'node:fs';
import { Refusal } from '../refusal';
import { ASK_THE_CONTAINER } from './container';
import { unreadable } from './storage';

/** Of what is meant to be some lines of text. */
const BYTES_AT_MOST = 1024 * 1024;

export function fileText(file: string): string {
  const content = text(contentOf(file), file);
  if (content.includes('\0')) throw noText(file);
  return content;
}

/** It may hold NUL, as `env -0` prints it. */
export async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new Refusal(
      '--environment - reads standard input, and nothing is piped into it. For example:',
      `  ${ASK_THE_CONTAINER}`,
    );
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > BYTES_AT_MOST) break;
  }
  const content = text(Buffer.concat(chunks), 'standard input');
  if (content.trim() !== '') return content;
  throw new Refusal(
    'Nothing came in on standard input. Does the container run, and is its service called app?',
    `  ${ASK_THE_CONTAINER}`,
  );
}

/** Not by its size: it may be a pipe, as in `--environment <(…)`. */
function contentOf(file: string): Buffer {
  try {
    const descriptor = fs.openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(BYTES_AT_MOST + 1);
      let length = 0;
      for (let read = -1; read !== 0; length += read) {
        read = fs.readSync(descriptor, buffer, length, buffer.length - length, null);
      }
      return buffer.subarray(0, length);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    throw new Refusal(`--environment ${file} ${unreadable(error)}`);
  }
}

function text(bytes: Buffer, source: string): string {
  if (bytes.length > BYTES_AT_MOST) {
    throw new Refusal(`--environment: ${source} has more than a megabyte, and is hardly a list of variables.`);
  }
  const decoded = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (decoded.includes('\uFFFD')) throw noText(source);
  return decoded;
}

function noText(source: string): Refusal {
  return new Refusal(
    `--environment: ${source} is not UTF-8 text, so a key in it might be read wrongly. Save it as UTF-8.`,
  );
}
