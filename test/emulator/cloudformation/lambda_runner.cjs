// Calls the handler of a Lambda function once: `{ event, handler, timeout, context }` comes by standard input.
const { join } = require('node:path');
const { readFileSync } = require('node:fs');

const { event, handler, timeout, context } = JSON.parse(readFileSync(0, 'utf8'));
const [file, name] = handler.split('.');
const deadline = Date.now() + timeout;

Promise.resolve(
  require(join(process.cwd(), file))[name](event, { ...context, getRemainingTimeInMillis: () => deadline - Date.now() }),
).then(
  // A handler that has answered is done, whatever connections it keeps.
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
