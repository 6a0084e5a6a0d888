const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { healthPath, home, port } = require('./settings');
const log = require('./log');

// Two claims to the port, in files. The stand-in writes HELD, then looks at WANTED; preload.js in the app writes its
// process id to WANTED, then looks at HELD. So at least one of them sees the other, and it is the stand-in that yields.
const HELD = path.join(home, 'port.held');
const WANTED = path.join(home, 'port.wanted');

const page = (title, text) => `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="refresh" content="5"><title>${title}</title>
<style>body{font:16px sans-serif;margin:20vh auto;text-align:center}</style></head>
<body><h1>${title}</h1><p>${text}</p></body></html>`;
const STARTING = page('NocoBase is starting', 'This page reloads by itself until it is there.');
const SUPERSEDED = page(
  'NocoBase is not available',
  'An update did not succeed. Those who run this NocoBase know of it.',
);

// NocoBase's own form, which its client in an open browser tab understands.
const JSON_BODY = JSON.stringify({
  error: { status: 503, code: 'APP_PREPARING', maintaining: true, message: 'NocoBase is starting' },
});

function answer(request, response, superseded) {
  if (superseded && request.url.split('?')[0] === healthPath) {
    response.writeHead(200, { Connection: 'close' }).end('superseded');
    return;
  }
  const html = (request.headers.accept || '').includes('text/html');
  response.writeHead(503, {
    'Content-Type': html ? 'text/html; charset=utf-8' : 'application/json',
    'Cache-Control': 'no-store',
    'Retry-After': '5',
    // So that the load balancer meets the app on its next request.
    Connection: 'close',
  });
  response.end(html ? (superseded ? SUPERSEDED : STARTING) : JSON_BODY);
}

/**
 * Has the node's port as long as the app does not: a load balancer whose targets are all unhealthy sends users to
 * them all the same, and they should see a page rather than an error.
 */
module.exports = class StandIn {
  /**
   * @param admit called with the app's process id before it gets the port
   * @param isSuperseded whether the health path is to be answered with 200 all the same, see gate.js
   */
  constructor(admit, isSuperseded) {
    this.admit = admit;
    this.isSuperseded = isSuperseded;
    for (const file of [HELD, WANTED]) fs.rmSync(file, { force: true });
  }

  get holding() {
    return this.server !== undefined;
  }

  /** Takes the port, unless somebody else has it. */
  hold() {
    if (this.server) return Promise.resolve();
    this.taking ??= this.take().finally(() => {
      this.taking = undefined;
    });
    return this.taking;
  }

  take() {
    fs.writeFileSync(HELD, '');
    if (this.claimant()) {
      fs.rmSync(HELD);
      return Promise.resolve();
    }
    const server = http.createServer((request, response) => answer(request, response, this.isSuperseded()));
    return new Promise((resolve) => {
      server.once('error', (error) => {
        fs.rmSync(HELD, { force: true });
        if (error.code !== 'EADDRINUSE') log(`cannot listen on port ${port}: ${error.message}`);
        resolve();
      });
      server.listen(port, '0.0.0.0', () => {
        this.server = server;
        this.timer = setInterval(() => {
          const pid = this.claimant();
          if (pid) this.letGo(pid);
        }, 25);
        resolve();
      });
    });
  }

  /** The living process of the app that listens or is about to. */
  claimant() {
    try {
      const pid = Number(fs.readFileSync(WANTED, 'utf8'));
      process.kill(pid, 0);
      return pid;
    } catch {
      return undefined;
    }
  }

  /** The app is being stopped: its port is free as soon as it has closed it, well before it has ended. */
  forgetClaim() {
    fs.rmSync(WANTED, { force: true });
  }

  letGo(pid) {
    this.admit(pid);
    clearInterval(this.timer);
    const server = this.server;
    this.server = undefined;
    // Frees the port at once; requests that are already in are still answered.
    server.close();
    fs.rmSync(HELD, { force: true });
    setTimeout(() => server.closeAllConnections(), 1000).unref();
  }
};
