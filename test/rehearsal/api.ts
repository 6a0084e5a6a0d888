import type { LoadBalancer } from './load-balancer';

/** By which users come in, and what the first of them is. */
export interface Entry {
  readonly environment: { readonly [name: string]: string };
  readonly balancer: LoadBalancer;
  readonly publicPath: string;
}

/** NocoBase's API as its root user sees it, over the load balancer or at one node. */
export class Api {
  public static async signIn({ environment, balancer, publicPath }: Entry): Promise<Api> {
    const { INIT_ROOT_EMAIL: email, INIT_ROOT_PASSWORD: password } = environment;
    const { token } = await new Api(balancer.url, publicPath, {
      'X-Authenticator': 'basic',
      // As a browser says it. NocoBase refuses what does not fit the protocol and host it was reached by.
      Origin: balancer.origin,
    }).post('auth:signIn', { email, account: email, password });
    return new Api(balancer.url, publicPath, { Authorization: `Bearer ${token}`, 'X-Role': 'root' });
  }

  private constructor(
    public readonly url: string,
    private readonly publicPath: string,
    public readonly headers: { readonly [name: string]: string },
  ) {}

  /** The same user elsewhere. */
  public at(port: number): Api {
    return new Api(`http://127.0.0.1:${port}`, this.publicPath, this.headers);
  }

  public urlOf(path: string): string {
    return `${this.url}${this.publicPath}api/${path}`;
  }

  public get(path: string): Promise<any> {
    return this.call(path, { headers: this.headers });
  }

  public post(path: string, body: unknown): Promise<any> {
    return this.call(path, {
      method: 'POST',
      headers: { ...this.headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** As in the plug-in manager of the browser. */
  public async uploadPlugin(packed: Buffer): Promise<void> {
    const body = new FormData();
    body.append('file', new Blob([new Uint8Array(packed)]), 'plugin.tgz');
    await this.call('pm:add', { method: 'POST', headers: this.headers, body });
  }

  /** @returns where the file is to be had */
  public async upload(text: string): Promise<string> {
    const body = new FormData();
    body.append('file', new Blob([text], { type: 'text/plain' }), 'file.txt');
    const { url } = await this.call('attachments:create', { method: 'POST', headers: this.headers, body });
    return url;
  }

  private async call(path: string, request: RequestInit): Promise<any> {
    const response = await fetch(this.urlOf(path), request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answers ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text).data;
  }
}

const COLLECTION = 'rehearsal';

/** A collection of ours, which a user makes in the browser. */
export async function makeCollection(api: Api): Promise<string> {
  const collections: { name: string }[] = await api.get('collections:list?paginate=false');
  if (!collections.some(({ name }) => name === COLLECTION)) {
    await api.post('collections:create', {
      name: COLLECTION,
      title: 'Rehearsal',
      autoGenId: true,
      fields: [{ name: 'title', type: 'string', interface: 'input' }],
    });
  }
  return COLLECTION;
}
