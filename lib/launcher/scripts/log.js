const { DB_PASSWORD, LAUNCHER_LICENSE_KEY } = process.env;
const SECRETS = [DB_PASSWORD, LAUNCHER_LICENSE_KEY].filter((secret) => secret && secret.length > 5);

/** One line for the operator. What others put into it (an error's message) must not carry a secret. */
module.exports = function log(text) {
  const safe = SECRETS.reduce((line, secret) => line.replaceAll(secret, '***'), text);
  process.stdout.write(`[launcher] ${safe.replace(/\s*\n\s*/g, ' ')}\n`);
};
