import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import type { Emulator } from './emulator';
import { LOCAL } from './python';

/** What the local AWS of `deploy:local` says, for when it fails. */
export const LOG = path.join(LOCAL, 'emulator.log');
const STATE = path.join(LOCAL, 'emulator.json');

/** Where the local AWS of `deploy:local` answers. */
export interface Running {
  readonly url: string;
  readonly pid: number;
}

/** The local AWS that `deploy:local` has started in this checkout, if it still runs. */
export async function running(): Promise<Running | undefined> {
  if (!fs.existsSync(STATE)) return undefined;
  const { url, pid }: Running = JSON.parse(fs.readFileSync(STATE, 'utf8'));
  // Another process may have its number or its port by now.
  return (await pidAt(url)) === pid ? { url, pid } : undefined;
}

export function remember({ url, pid }: Emulator) {
  fs.writeFileSync(STATE, JSON.stringify({ url, pid }));
}

export function forget() {
  fs.rmSync(STATE, { force: true });
}

/** Ends it, with all that was deployed into it. */
export async function end({ url, pid }: Running): Promise<void> {
  process.kill(pid, 'SIGTERM');
  while ((await pidAt(url)) === pid) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  forget();
}

/** On a connection of its own: a pooled one that the other side is closing may leave a request without any answer. */
async function pidAt(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = http.get(`${url}/_emulator/pid`, { agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('close', () => resolve(response.statusCode === 200 ? Number(text) : undefined));
    });
    request.on('error', () => resolve(undefined));
  });
}
