const http = require('node:http');
const { port, healthPath } = require('./settings');

/** What NocoBase reports on its way to running, and between commands. Any other code is an error that stays. */
const PASSING = new Set([
  'APP_NOT_FOUND',
  'APP_PREPARING',
  'APP_INITIALIZING',
  'APP_INITIALIZED',
  'APP_STARTING',
  'APP_STOPPED',
  'COMMAND_END',
]);

/** The state that an answer of the health path means: healthy, commanding, starting, error. */
function classify(status, body) {
  if (status === 200) return { state: 'healthy' };
  let error = {};
  try {
    error = JSON.parse(body).error || {};
  } catch {
    // Not NocoBase's own answer.
  }
  const { code, message } = error;
  if (status === 503 && code === 'APP_COMMANDING') return { state: 'commanding', detail: code };
  if (code && status >= 500 && !PASSING.has(code)) {
    return { state: 'error', detail: `${code}: ${String(message).slice(0, 500)}` };
  }
  return { state: 'starting', detail: code || `HTTP ${status}` };
}

/** Asks the application-level health path. Besides the states above: refused (nobody listens), silent. */
function askHealth(timeout = 5000) {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: healthPath, agent: false, timeout }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        if (body.length < 65536) body += chunk;
      });
      response.on('end', () => resolve(classify(response.statusCode, body)));
      response.on('error', () => resolve({ state: 'silent', detail: 'an answer that broke off' }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout / 1000} s`)));
    request.on('error', (error) =>
      resolve({ state: error.code === 'ECONNREFUSED' ? 'refused' : 'silent', detail: error.message }),
    );
  });
}

module.exports = { askHealth, classify };
