// Loaded into every Node process of the app by NODE_OPTIONS. It must never be in the way of one.
try {
  const fs = require('node:fs');
  const net = require('node:net');
  const path = require('node:path');
  const { APP_PORT, LAUNCHER_FORWARDED_PROTO, LAUNCHER_HEALTH_PATH, LAUNCHER_HOME, LAUNCHER_KEEP_ALIVE } = process.env;
  const HELD = path.join(LAUNCHER_HOME, 'port.held');
  const WANTED = path.join(LAUNCHER_HOME, 'port.wanted');
  const LEAVING = path.join(LAUNCHER_HOME, 'leaving');
  const LOOPBACK = [undefined, null, 'localhost', '127.0.0.1', '::1'];

  // PM2 starts a crashed app again as it was started first. What there was to upgrade has been upgraded by then, and
  // other nodes are running.
  if (fs.existsSync(path.join(LAUNCHER_HOME, 'healthy'))) process.env.SKIP_SAME_VERSION_UPGRADE = 'true';

  /** Port and host of the arguments that listen() and connect() take. */
  const target = ([first, second]) =>
    first !== null && typeof first === 'object'
      ? { port: first.port, host: first.host }
      : { port: first, host: typeof second === 'function' ? undefined : second };
  const isOurs = (port) => Number(port) === Number(APP_PORT);

  /** Synchronous, so that listen() stays what it is: claims the port and waits until the stand-in has let go. */
  const takeOver = () => {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    fs.writeFileSync(WANTED, String(process.pid));
    for (let i = 0; i < 2500 && fs.existsSync(HELD); i++) Atomics.wait(clock, 0, 0, 4);
  };

  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (...args) {
    try {
      // In PM2's cluster mode its own process listens for the app's, but as a plain server, after the app has asked.
      if (isOurs(target(args).port) && this instanceof require('node:http').Server) {
        takeOver();
        // Longer than the load balancer's idle time-out, or that one sends into a connection just closed (502).
        if (LAUNCHER_KEEP_ALIVE) this.keepAliveTimeout = Number(LAUNCHER_KEEP_ALIVE) * 1000;
        // A node that is about to stop serves on, and is taken out of the load balancer first.
        const { emit } = this;
        this.emit = function (event, ...args) {
          const [request, response] = args;
          const isAsked = event === 'request' && request.url.split('?')[0] === LAUNCHER_HEALTH_PATH;
          if (!isAsked || !fs.existsSync(LEAVING)) return emit.call(this, event, ...args);
          response.writeHead(503, { Connection: 'close' });
          response.end();
          return true;
        };
        // NocoBase refuses a sign-in whose origin is https where the load balancer says that it came by http.
        if (LAUNCHER_FORWARDED_PROTO) {
          this.prependListener('request', ({ headers }) => {
            headers['x-forwarded-proto'] = LAUNCHER_FORWARDED_PROTO;
          });
        }
      }
    } catch {}
    return listen.apply(this, args);
  };

  // NocoBase's command line does not start when somebody answers on its port. The stand-in is to be nobody to it.
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...args) {
    try {
      const { port, host } = target(args);
      if (isOurs(port) && LOOPBACK.includes(host) && fs.existsSync(HELD)) {
        const error = new Error(`connect ECONNREFUSED 127.0.0.1:${port}`);
        process.nextTick(() => this.destroy(Object.assign(error, { code: 'ECONNREFUSED', syscall: 'connect', port })));
        return this;
      }
    } catch {}
    return connect.apply(this, args);
  };
} catch {}
