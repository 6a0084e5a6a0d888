import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What Secrets Manager says about a Secret. */
export type SecretState =
  | { readonly text: string }
  | { readonly binary: string }
  | { readonly error: string; readonly message: string; readonly status?: number }
  | { readonly garbage: string };

/** Plays Secrets Manager, and the place where CloudFormation waits for the answer. */
export class FakeAws {
  /** The Secrets that were asked for, in order. */
  public readonly asked: string[] = [];
  /** What arrived at the answer URL. */
  public readonly answers: { readonly body: string; readonly headers: http.IncomingHttpHeaders }[] = [];
  /** Statuses with which the answer URL refuses before it takes an answer. */
  public refusals: number[] = [];

  private readonly secrets = new Map<string, SecretState[]>();
  private readonly server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      if (request.method === 'PUT') {
        const status = this.refusals.shift() ?? 200;
        if (status === 200) this.answers.push({ body, headers: request.headers });
        response.writeHead(status).end();
        return;
      }
      const { SecretId } = JSON.parse(body);
      this.asked.push(SecretId);
      const states = this.secrets.get(SecretId) ?? [];
      const [status, answer] = getSecretValue(states.length > 1 ? states.shift()! : states[0]);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(answer);
    });
  });

  /** Of a Lambda function that takes this for AWS. */
  public get environment() {
    return {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_ENDPOINT_URL: this.url,
      AWS_LAMBDA_FUNCTION_NAME: 'preflight',
    };
  }

  public async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  public get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** One state for each time that it is asked for; the last one stays. */
  public secret(arn: string, ...states: SecretState[]): void {
    this.secrets.set(arn, states);
  }

  public reset(): void {
    this.asked.length = 0;
    this.answers.length = 0;
    this.refusals = [];
    this.secrets.clear();
  }
}

function getSecretValue(state: SecretState | undefined): [number, string] {
  if (state === undefined) {
    return [
      400,
      JSON.stringify({
        __type: 'ResourceNotFoundException',
        Message: "Secrets Manager can't find the specified secret.",
      }),
    ];
  }
  if ('garbage' in state) return [200, state.garbage];
  if ('error' in state) {
    return [state.status ?? 400, JSON.stringify({ __type: state.error, Message: state.message })];
  }
  return [
    200,
    JSON.stringify(
      'text' in state ? { SecretString: state.text } : { SecretBinary: Buffer.from(state.binary).toString('base64') },
    ),
  ];
}
