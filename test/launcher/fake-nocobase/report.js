// Says what the app's environment is, and with an argument waits until that file is gone.
const fs = require('node:fs');
require('./orphan.js');

const { SKIP_SAME_VERSION_UPGRADE, CLUSTER_MODE, FAKE_DIR } = process.env;
if (process.argv[2]) {
  console.log(`[fake] ${process.argv[2]}`);
  setInterval(() => fs.existsSync(`${FAKE_DIR}/${process.argv[2]}`) || process.exit(), 20);
} else {
  console.log(`[fake] entrypoint skip=${SKIP_SAME_VERSION_UPGRADE ?? 'no'} processes=${CLUSTER_MODE ?? 1}`);
  if (fs.existsSync(`${FAKE_DIR}/tell-environment`)) console.log(`[fake] environment ${JSON.stringify(process.env)}`);
}
