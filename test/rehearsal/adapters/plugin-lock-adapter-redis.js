// Stands in for the commercial plug-in of this name: distributed locks, by Redis.
const { randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const { Plugin } = require('@nocobase/server');
const { LockAcquireError } = require('@nocobase/lock-manager');
const { createClient } = require('redis');

const DEFAULT_TTL = 500;
const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";
const EXTEND =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0";

class RedisLocks {
  constructor({ url }) {
    this.client = createClient({ url });
    this.client.on('error', () => {});
  }

  async connect() {
    if (!this.client.isOpen) await this.client.connect();
  }

  async close() {
    if (this.client.isOpen) this.client.destroy();
  }

  async acquire(key, ttl) {
    return (await this.take(key, ttl, Number.POSITIVE_INFINITY)).release;
  }

  async runExclusive(key, fn, ttl) {
    const release = await this.acquire(key, ttl);
    try {
      return await fn();
    } finally {
      await release();
    }
  }

  async tryAcquire(key, timeout = 0) {
    const lock = await this.take(key, Math.max(timeout, DEFAULT_TTL), timeout);
    const acquire = async (ttl) => {
      await lock.extend(ttl);
      return lock.release;
    };
    return {
      ...lock,
      acquire,
      runExclusive: async (fn, ttl) => {
        const release = await acquire(ttl);
        try {
          return await fn();
        } finally {
          await release();
        }
      },
    };
  }

  async take(key, ttl = DEFAULT_TTL, patience = 0) {
    const name = `lock:${key}`;
    const owner = randomUUID();
    const give = Date.now() + patience;
    while ((await this.client.set(name, owner, { NX: true, PX: ttl })) === null) {
      if (Date.now() >= give) throw new LockAcquireError('lock is locked');
      await sleep(20);
    }
    const script = (text, ...args) => this.client.eval(text, { keys: [name], arguments: [owner, ...args] });
    return { release: () => script(RELEASE), extend: (longer) => script(EXTEND, String(longer)) };
  }
}

exports.__esModule = true;
exports.default = class extends Plugin {
  async beforeLoad() {
    this.app.lockManager.registerAdapter('redis', {
      Adapter: RedisLocks,
      options: { url: process.env.LOCK_ADAPTER_REDIS_URL },
    });
  }
};
