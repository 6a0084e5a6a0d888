// Plays the app: installs late, upgrades unless told to skip, answers the health path as NocoBase does. Files in
// FAKE_DIR steer it: hold-<step> keeps it in a step, fail-upgrade lets one fail, answer replaces its answer, crash ends it, deaf ignores signals,
// reach names a server of which it says whether it trusts it.
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { setTimeout: sleep } = require('node:timers/promises');
const { Client } = require('pg');
require('./orphan.js');

const { env } = process;
const say = (text) => console.log(`[fake] ${text}`);
const there = (name) => fs.existsSync(`${env.FAKE_DIR}/${name}`);
const read = (name) => fs.readFileSync(`${env.FAKE_DIR}/${name}`, 'utf8');
const released = async (step) => {
  while (there(`hold-${step}`)) await sleep(20);
};
let code = 'APP_STARTING';
const asked = new Set();

const server = http.createServer(async (request, response) => {
  if (request.url === '/slow') {
    await sleep(300);
    return response.end('slow');
  }
  if (!asked.has(request.url)) say(`asked for ${request.url}`);
  asked.add(request.url);
  const given = there('answer') ? read('answer') : code;
  if (there('answer')) say(`answers ${given}`);
  response.setHeader('x-seen-proto', String(request.headers['x-forwarded-proto']));
  response.statusCode = given === 'ok' ? 200 : 503;
  response.end(given === 'ok' ? 'ok' : JSON.stringify({ error: { status: 503, code: given, message: `is ${given}` } }));
});
server.on('error', (error) => {
  say(`listen: ${error.code}`);
  process.exit(1);
});
server.listen(Number(env.APP_PORT), '0.0.0.0', () => say(`listens, keep-alive ${server.keepAliveTimeout}`));

async function boot() {
  const client = new Client({
    host: env.DB_HOST,
    port: Number(env.DB_PORT),
    database: env.DB_DATABASE,
    user: env.DB_USER,
    password: env.DB_PASSWORD,
    ssl: { ca: fs.readFileSync(env.DB_DIALECT_OPTIONS_SSL_CA, 'utf8'), servername: env.DB_HOST },
    options: `-c search_path=${env.DB_SCHEMA || 'public'}`,
  });
  client.on('error', () => {});
  await client.connect();
  const query = (text) => client.query(text);
  const installed = (await query(`SELECT to_regclass('roles') AS there`)).rows[0].there;
  if (!installed) {
    say('installs');
    await query(`CREATE TABLE users (id serial PRIMARY KEY, name text)`);
    await query(`CREATE TABLE roles (id serial PRIMARY KEY, "user" int REFERENCES users)`);
    await query(`CREATE VIEW names AS SELECT name FROM users`);
    await released('install');
    await query(`INSERT INTO roles DEFAULT VALUES`);
    await query(`CREATE TABLE "applicationVersion" (value text)`);
    await query(`INSERT INTO "applicationVersion" VALUES ('2.2.15')`);
    say('has installed');
  } else if (env.SKIP_SAME_VERSION_UPGRADE !== 'true') {
    say('upgrades');
    await released('upgrade');
    if (there('fail-upgrade')) throw new Error('a migration cannot be applied');
  }
  await released('start');
  code = 'ok';
  say('healthy');
}
if (there('reach')) {
  https
    .get(read('reach'), { agent: false }, (response) => {
      response.resume();
      say(`trusts ${read('reach')}`);
    })
    .on('error', (error) => say(`does not trust ${read('reach')}: ${error.message}`));
}
boot().catch((error) => {
  say(`failed: ${error.message}`);
  code = 'APP_ERROR';
});

process.on('SIGINT', () => {
  if (there('deaf')) return say('is deaf');
  say('stops');
  process.exit(0);
});
process.on('SIGTERM', () => {
  say('got TERM itself');
  process.exit(0);
});
setInterval(() => {
  if (!there('crash')) return;
  fs.rmSync(`${env.FAKE_DIR}/crash`);
  say('crashes');
  process.exit(1);
}, 20);
