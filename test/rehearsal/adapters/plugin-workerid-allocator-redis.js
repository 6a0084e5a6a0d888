// Stands in for the commercial plug-in of this name: a worker id of its own for each process, by Redis.
const { randomUUID } = require('node:crypto');
const { Plugin } = require('@nocobase/server');
const { createClient } = require('redis');

const IDS = 32;
const LEASE_S = 30;

class WorkerIds {
  constructor(url, logger) {
    this.client = createClient({ url });
    this.client.on('error', (error) => logger.error(error.message));
    this.owner = randomUUID();
  }

  async getWorkerId() {
    if (!this.client.isOpen) await this.client.connect();
    for (let id = 0; id < IDS; id++) {
      const name = `worker-id:${id}`;
      if ((await this.client.set(name, this.owner, { NX: true, EX: LEASE_S })) !== null) {
        this.name = name;
        this.timer = setInterval(() => this.client.expire(name, LEASE_S).catch(() => {}), (LEASE_S * 1000) / 3);
        this.timer.unref();
        return id;
      }
    }
    throw new Error(`All ${IDS} worker ids are taken.`);
  }

  async release() {
    clearInterval(this.timer);
    if (this.client.isReady && this.name) await this.client.del(this.name);
    if (this.client.isOpen) this.client.destroy();
  }
}

exports.__esModule = true;
exports.default = class extends Plugin {
  async afterAdd() {
    this.app.workerIdAllocator.setAdapter(new WorkerIds(process.env.REDIS_URL, this.app.logger));
  }

  async beforeLoad() {}
};
