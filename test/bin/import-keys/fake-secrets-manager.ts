import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

export const ACCOUNT = '111122223333';

/** What AWS is to answer instead. */
export interface Failure {
  readonly error: string;
  readonly message?: string;
  readonly status?: number;
}

interface StoredSecret {
  readonly arn: string;
  readonly text?: string;
  readonly kmsKeyId?: string;
}

class Ok {
  constructor(public readonly content: Record<string, unknown>) {}
}

/** Plays AWS Secrets Manager, as far as Secrets are made and read, and remembers what it was asked. */
export class FakeSecretsManager {
  /** Every request, in order. */
  public readonly requests: { readonly action: string; readonly body: any; readonly authorization: string }[] = [];
  public readonly secrets = new Map<string, StoredSecret>();

  private readonly failures = new Map<string, (body: string) => Failure>();
  private readonly server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const action = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
      const body = JSON.parse(text);
      this.requests.push({ action, body, authorization: String(request.headers.authorization) });
      const answer = this.failures.get(action)?.(text) ?? this.answer(action, body);
      const [status, content] =
        answer instanceof Ok
          ? [200, answer.content]
          : [answer.status ?? 400, { __type: answer.error, Message: answer.message ?? '' }];
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(content));
    });
  });

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

  public reset(): void {
    this.requests.length = 0;
    this.secrets.clear();
    this.failures.clear();
  }

  /** A Secret that somebody has made; without text it is binary. */
  public has(name: string, text?: string): void {
    this.secrets.set(name, { arn: `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:${name}-AbCdEf`, text });
  }

  /** Lets every request of a kind fail. */
  public fails(action: string, failure: Failure | ((body: string) => Failure)): void {
    this.failures.set(action, typeof failure === 'function' ? failure : () => failure);
  }

  /** The fields of a Secret. */
  public fields(name: string): Record<string, string> {
    return JSON.parse(this.secrets.get(name)?.text ?? '{}');
  }

  /** What was asked for, in order. */
  public get actions(): string[] {
    return this.requests.map(({ action }) => action);
  }

  private answer(action: string, body: any): Failure | Ok {
    const name = body.Name ?? body.SecretId;
    const secret = this.secrets.get(name);
    if (action === 'CreateSecret') {
      if (secret !== undefined) {
        return {
          error: 'ResourceExistsException',
          message: `The operation failed because the secret ${name} already exists.`,
        };
      }
      this.has(name, body.SecretString);
      return new Ok({ ARN: this.secrets.get(name)!.arn, Name: name });
    }
    if (action === 'GetSecretValue') {
      if (secret === undefined) {
        return {
          error: 'ResourceNotFoundException',
          message: "Secrets Manager can't find the specified secret.",
        };
      }
      return new Ok({
        ARN: secret.arn,
        Name: name,
        ...(secret.text === undefined ? { SecretBinary: 'AAAA' } : { SecretString: secret.text }),
      });
    }
    return { error: 'UnknownOperationException' };
  }
}
