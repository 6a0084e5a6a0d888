const { classify } = require('../../lib/launcher/scripts/health.js');

const nocobase = (status: number, code: string, message = 'a message') =>
  classify(status, JSON.stringify({ error: { status, code, message, maintaining: true } }));

test('200 is healthy', () => {
  expect(classify(200, 'ok').state).toBe('healthy');
});

test('a command under way is not an illness', () => {
  expect(nocobase(503, 'APP_COMMANDING').state).toBe('commanding');
});

test.each(['APP_PREPARING', 'APP_INITIALIZING', 'APP_INITIALIZED', 'APP_STARTING', 'APP_STOPPED', 'COMMAND_END'])(
  '%s passes',
  (code) => {
    expect(nocobase(503, code)).toEqual({ state: 'starting', detail: code });
  },
);

test('404 APP_NOT_FOUND, the first answer of a starting app, passes', () => {
  expect(nocobase(404, 'APP_NOT_FOUND').state).toBe('starting');
});

test.each([
  [503, 'APP_ERROR'],
  [503, 'COMMAND_ERROR'],
  // NocoBase reports the error's own code when it has one.
  [503, 'ECONNREFUSED'],
  [503, '42P07'],
  [500, 'something_unheard_of'],
])('%i %s is an error, told with its message', (status, code) => {
  expect(nocobase(status, code)).toEqual({ state: 'error', detail: `${code}: a message` });
});

test.each([
  [502, 'Bad Gateway'],
  [503, '{"error":null}'],
  [503, ''],
])('%i %j is nobody we know, and no reason to end anything early', (status, body) => {
  expect(classify(status, body)).toEqual({ state: 'starting', detail: `HTTP ${status}` });
});
