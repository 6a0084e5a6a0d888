import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What Secrets Manager says about a Secret, and Parameter Store about a parameter. */
export type SecretState =
  | { readonly text: string; readonly type?: 'String' }
  | { readonly binary: string }
  | { readonly error: string; readonly message: string; readonly status?: number }
  | { readonly garbage: string };

/** What EventBridge says about a rule. */
export type RuleState =
  | { readonly state: 'ENABLED' | 'DISABLED' }
  | { readonly error: string; readonly message: string };

/** Plays Secrets Manager, Parameter Store and EventBridge, and the place where CloudFormation waits for the answer. */
export class FakeAws {
  /** The Secrets and parameters that were asked for, in order. */
  public readonly asked: string[] = [];
  /** What arrived at the answer URL. */
  public readonly answers: { readonly body: string; readonly headers: http.IncomingHttpHeaders }[] = [];
  /** Statuses with which the answer URL refuses before it takes an answer. */
  public refusals: number[] = [];

  private readonly rules = new Map<string, RuleState[]>();
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
      const { SecretId, Name, WithDecryption } = JSON.parse(body);
      const id = SecretId ?? Name;
      this.asked.push(id);
      if (request.headers['x-amz-target'] === 'AWSEvents.DescribeRule') {
        const states = this.rules.get(id) ?? [];
        const [status, answer] = describeRule(states.length > 1 ? states.shift() : states[0]);
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(answer);
        return;
      }
      const states = this.secrets.get(id) ?? [];
      const state = states.length > 1 ? states.shift()! : states[0];
      const [status, answer] =
        request.headers['x-amz-target'] === 'AmazonSSM.GetParameter'
          ? getParameter(state, WithDecryption)
          : getSecretValue(state);
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

  /** One state for each time that the Secret or parameter is asked for; the last one stays. */
  public secret(arn: string, ...states: SecretState[]): void {
    this.secrets.set(arn, states);
  }

  /** The same of a rule; without a state it is not there. */
  public rule(name: string, ...states: RuleState[]): void {
    this.rules.set(name, states);
  }

  public reset(): void {
    this.rules.clear();
    this.asked.length = 0;
    this.answers.length = 0;
    this.refusals = [];
    this.secrets.clear();
  }
}

function getParameter(state: SecretState | undefined, decrypted: boolean): [number, string] {
  if (state === undefined) return refused('ParameterNotFound');
  if ('garbage' in state) return [200, state.garbage];
  if ('error' in state) return refused(state.error, state.message, state.status);
  if ('binary' in state) throw new Error('A parameter is text');
  const { text, type = 'SecureString' } = state;
  const Value = type === 'String' || decrypted ? text : 'AQICAH';
  return [200, JSON.stringify({ Parameter: { Type: type, Value } })];
}

function describeRule(state: RuleState | undefined): [number, string] {
  if (state === undefined) return refused('ResourceNotFoundException', 'Rule hold does not exist.');
  return 'error' in state ? refused(state.error, state.message) : [200, JSON.stringify({ State: state.state })];
}

function refused(__type: string, Message?: string, status = 400): [number, string] {
  return [status, JSON.stringify({ __type, Message })];
}

function getSecretValue(state: SecretState | undefined): [number, string] {
  if (state === undefined) {
    return refused('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  if ('garbage' in state) return [200, state.garbage];
  if ('error' in state) return refused(state.error, state.message, state.status);
  return [
    200,
    JSON.stringify(
      'text' in state ? { SecretString: state.text } : { SecretBinary: Buffer.from(state.binary).toString('base64') },
    ),
  ];
}
