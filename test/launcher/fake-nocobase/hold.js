// Waits in a step of the entrypoint until the test lets it go on.
require('./orphan.js');
const file = `${process.env.FAKE_DIR}/hold-entrypoint`;
setInterval(() => require('node:fs').existsSync(file) || process.exit(), 20);
