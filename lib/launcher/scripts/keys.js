const { randomBytes, scryptSync } = require('node:crypto');

const { env } = process;

/** Without the first all users are signed out; without the second what it encrypted in the database cannot be read. */
const KEYS = {
  APP_KEY: env.APP_KEY || '',
  // Hexadecimal.
  APP_AES_SECRET_KEY: (env.APP_AES_SECRET_KEY || '').toLowerCase(),
};

const hash = (key, salt) => scryptSync(key, Buffer.from(salt, 'base64'), 32).toString('base64');

/** What may be kept of the keys: salted, and too costly to guess by. */
function fingerprint() {
  const print = ([name, key]) => {
    const salt = randomBytes(16).toString('base64');
    return [name, [salt, hash(key, salt)]];
  };
  return Object.fromEntries(Object.entries(KEYS).map(print));
}

const compared = new Map();

/** @returns the names of those that have another fingerprint; compared once, as that takes a tenth of a second */
function changedKeys(known) {
  const text = JSON.stringify(known);
  if (!compared.has(text)) {
    const changed = Object.keys(KEYS).filter(
      (name) => known[name] && hash(KEYS[name], known[name][0]) !== known[name][1],
    );
    compared.set(text, changed);
  }
  return compared.get(text);
}

module.exports = { changedKeys, fingerprint };
