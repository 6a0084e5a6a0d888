const fs = require('node:fs');
const path = require('node:path');
const { storage } = require('./settings');
const log = require('./log');

const key = (process.env.LAUNCHER_LICENSE_KEY || '').trim();
// From here on nothing that this process starts gets to see it.
delete process.env.LAUNCHER_LICENSE_KEY;

/** Why this node may not start, or undefined. */
function licenseProblem() {
  if (key || process.env.LAUNCHER_LICENSE !== 'required') return undefined;
  return (
    'the licence key is missing, and without it the cluster adapters are not there: put the key that NocoBase issued ' +
    'for this instance into the Secret that `ClusterPlugins.licensed(...)` names, then start this node again'
  );
}

/** Where NocoBase's command line looks for the key. Several nodes share the folder: replaced in one step. */
function writeLicense() {
  if (!key) return;
  const folder = path.join(storage, '.license');
  const file = path.join(folder, 'license-key');
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === key) return;
  fs.mkdirSync(folder, { recursive: true });
  const draft = `${file}.${process.pid}.${Date.now()}`;
  fs.writeFileSync(draft, key, { mode: 0o600 });
  fs.renameSync(draft, file);
  log(`wrote the licence key to ${file}`);
}

module.exports = { licenseProblem, writeLicense };
