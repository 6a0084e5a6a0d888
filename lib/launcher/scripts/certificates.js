const fs = require('node:fs');
const path = require('node:path');
const { rootCertificates } = require('node:tls');
const { appDir, home } = require('./settings');

const { env } = process;

/** What the template carries as text. Nothing that this process starts needs it any more. */
function take(name) {
  const text = env[name];
  delete env[name];
  return text;
}

function write(file, texts) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, texts.map((text) => `${text}\n`).join(''));
}

/** Node passes over a file that it cannot read, and says so itself. */
function readIfThere(file) {
  try {
    return [fs.readFileSync(path.resolve(appDir, file), 'utf8')];
  } catch {
    return [];
  }
}

/** Puts root certificates where NocoBase, its licence kit and Node look for them: in files. */
module.exports = function writeCertificates() {
  const database = take('LAUNCHER_DATABASE_CA');
  if (database && env.DB_DIALECT_OPTIONS_SSL_CA) {
    // Beside it may stand the root of the database behind a pooler.
    write(env.DB_DIALECT_OPTIONS_SSL_CA, [database.replace(/^well-known$/m, () => rootCertificates.join('\n'))]);
  }
  const trusted = take('LAUNCHER_TRUSTED_CERTIFICATES');
  if (!trusted) return;
  const file = path.join(home, 'trusted.pem');
  // Node takes one file only, and the image or the user may have named one already.
  write(file, [trusted, ...(env.NODE_EXTRA_CA_CERTS ? readIfThere(env.NODE_EXTRA_CA_CERTS) : [])]);
  env.NODE_EXTRA_CA_CERTS = file;
};
