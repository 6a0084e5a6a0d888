// Calls the handler of a Lambda function once: `{ event, handler, timeout, context }` comes by standard input.
const { join } = require('node:path');
const { readFileSync } = require('node:fs');
const http = require('node:http');
const https = require('node:https');

const { event, handler, timeout, context } = JSON.parse(readFileSync(0, 'utf8'));
const [file, name] = handler.split('.');
const deadline = Date.now() + timeout;

// Handlers answer to S3, which has TLS and is on its own port; some of CDK's take that for granted.
const { hostname, port } = new URL(event.ResponseURL);
const { request } = https;
https.request = (options, ...more) =>
  options.hostname === hostname ? http.request({ ...options, port }, ...more) : request(options, ...more);

Promise.resolve(
  require(join(process.cwd(), file))[name](event, {
    ...context,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }),
).then(
  // A handler that has answered is done, whatever connections it keeps.
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
