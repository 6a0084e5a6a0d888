const { randomInt } = require('node:crypto');
const { createServer } = require('node:net');

/**
 * A port nobody listens on, below those that the system gives to outgoing
 * connections: one of them could be taken between now and its use.
 *
 * @returns {Promise<number>}
 */
function freePort() {
  const port = randomInt(10_000, 32_000);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(freePort()));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(port)));
  });
}

module.exports = { freePort };
