import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

/** What CloudFormation is told (AWS CloudFormation user guide, "Custom resource response objects"). */
export interface Answer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

const PAUSES_MS = [200, 500, 2000];
const TIMEOUT_MS = 5000;

/**
 * Sends an answer. Without one CloudFormation waits for its time-out, so it is
 * tried again. Whoever has the URL can answer in our name: no part of it, and no
 * error that may quote it, leaves this function.
 */
export async function sendAnswer(url: string, answer: Answer): Promise<void> {
  const body = JSON.stringify(answer);
  const outcomes: string[] = [];
  for (const pause of [0, ...PAUSES_MS]) {
    await sleep(pause);
    const outcome = await put(url, body);
    if (outcome === 'delivered') return;
    outcomes.push(outcome);
  }
  throw new Error(`CloudFormation did not take the answer: ${outcomes.join(', ')}`);
}

function put(url: string, body: string): Promise<string> {
  return new Promise((resolve) => {
    const target = new URL(url);
    const { request } = target.protocol === 'http:' ? http : https;
    const sent = request(
      target,
      {
        method: 'PUT',
        timeout: TIMEOUT_MS,
        // The signature of the URL covers an empty content type.
        headers: { 'content-type': '', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        resolve(status >= 200 && status < 300 ? 'delivered' : `HTTP ${status}`);
      },
    );
    sent.on('timeout', () => sent.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
    sent.end(body);
  });
}
