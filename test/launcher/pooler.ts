import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Rehearsal } from './rehearsal';

const { Client } = require('pg');

const SSL_REQUEST = 80877103;
const AUTHENTICATED = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** To whom a session belongs that a client was given: for one transaction, or until the client leaves. */
type Mode = 'transaction' | 'session';

/** Which of the free sessions a client is given: PgBouncer's default, and its `server_round_robin`. */
type Order = 'last in, first out' | 'round robin';

interface Session {
  readonly stream: Duplex;
  client?: PooledClient;
}

interface PooledClient {
  readonly stream: Duplex;
  session?: Session;
}

/** Stands in front of PostgreSQL with its certificate, and lets clients share a number of sessions, as PgBouncer does. */
export class Pooler {
  /** Clients so far. */
  public clients = 0;
  private free: Session[] = [];
  private readonly sessions: Session[] = [];
  private only?: Session;
  private readonly waiting: (() => void)[] = [];
  private readonly open = new Set<{ destroy(): unknown }>();

  public static async start(
    { postgres, database }: Rehearsal,
    options: { mode: Mode; order: Order; sessions: number },
  ): Promise<Pooler> {
    const server = createServer();
    const pooler = new Pooler(server, database.environment, options.mode, options.order);
    server.on('connection', (socket) => pooler.accept(socket, postgres));
    for (let i = 0; i < options.sessions; i++) await pooler.openSession();
    server.listen(0, 'localhost');
    await once(server, 'listening');
    return pooler;
  }

  private constructor(
    private readonly server: Server,
    private readonly database: { [name: string]: string },
    public mode: Mode,
    public order: Order,
  ) {}

  /** What a node is told of its database that is behind this. */
  public get environment() {
    return { DB_PORT: String((this.server.address() as { port: number }).port) };
  }

  /** From now on its clients have only one session between them: that of the first. */
  public shareOne() {
    this.mode = 'transaction';
    [this.only] = this.sessions;
    this.free = [];
  }

  public stop() {
    this.server.close();
    for (const stream of this.open) stream.destroy();
  }

  private async openSession() {
    const { DB_HOST: host, DB_PORT: port, DB_DATABASE: database, DB_USER: user, DB_PASSWORD: password } = this.database;
    const client = new Client({ host, port, database, user, password });
    client.on('error', () => {});
    await client.connect();
    // Signed in; from here on it speaks with whoever is given the session.
    const stream: Duplex = client.connection.stream;
    stream.removeAllListeners('data');
    const session: Session = { stream };
    this.sessions.push(session);
    const next = messages((type, _message, body) => {
      if (type === 'Z' && body.toString() === 'I' && this.mode === 'transaction') this.release(session);
    });
    stream.on('data', (data: Buffer) => {
      session.client?.stream.write(data);
      next(data);
    });
    this.open.add(stream);
    this.release(session);
  }

  private release(session: Session) {
    if (session.client) session.client.session = undefined;
    session.client = undefined;
    if (this.only && session !== this.only) return;
    this.free.push(session);
    this.waiting.shift()?.();
  }

  private async give(client: PooledClient) {
    while (this.free.length === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    const session = (this.order === 'round robin' ? this.free.shift() : this.free.pop())!;
    session.client = client;
    client.session = session;
  }

  private async accept(socket: Socket, { ca, key }: { ca: string; key: string }) {
    this.clients++;
    this.open.add(socket);
    socket.on('error', () => {});
    const [request] = await once(socket, 'data');
    if (request.readInt32BE(4) !== SSL_REQUEST) {
      socket.destroy();
      return;
    }
    socket.write('S');
    const stream = new TLSSocket(socket, { isServer: true, cert: ca, key });
    stream.on('error', () => {});
    await once(stream, 'data');
    stream.write(Buffer.concat([AUTHENTICATED, READY]));

    const client: PooledClient = { stream };
    let turn = Promise.resolve();
    const next = messages((type, message) => {
      turn = turn.then(async () => {
        if (type === 'X') {
          stream.end();
          return;
        }
        if (!client.session) await this.give(client);
        client.session?.stream.write(message);
      });
    });
    stream.on('data', next);
    stream.on('close', () => {
      const { session } = client;
      if (!session) return;
      // Nothing of what the client left in it is for the next one.
      session.stream.destroy();
      if (this.server.listening) this.openSession();
    });
  }
}

/** Cuts what arrives into messages of PostgreSQL's protocol. */
function messages(each: (type: string, message: Buffer, body: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0);
  return (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 5) {
      const length = 1 + rest.readInt32BE(1);
      if (rest.length < length) return;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      each(String.fromCharCode(message[0]), message, message.subarray(5));
    }
  };
}
