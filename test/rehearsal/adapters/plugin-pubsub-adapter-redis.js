// Stands in for the commercial plug-in of this name: the sync signal between nodes, by Redis.
const { Plugin } = require('@nocobase/server');
const { createClient } = require('redis');

class RedisPubSub {
  constructor(url, logger) {
    this.publisher = createClient({ url });
    this.subscriber = this.publisher.duplicate();
    for (const client of [this.publisher, this.subscriber]) client.on('error', (error) => logger.error(error.message));
  }

  isConnected() {
    return this.publisher.isReady && this.subscriber.isReady;
  }

  async connect() {
    await Promise.all([this.publisher, this.subscriber].map((client) => client.isOpen || client.connect()));
  }

  async close() {
    for (const client of [this.publisher, this.subscriber]) if (client.isOpen) client.destroy();
  }

  subscribe(channel, callback) {
    return this.subscriber.subscribe(channel, callback);
  }

  unsubscribe(channel, callback) {
    return this.subscriber.unsubscribe(channel, callback);
  }

  publish(channel, message) {
    return this.publisher.publish(channel, message);
  }
}

exports.__esModule = true;
exports.default = class extends Plugin {
  async beforeLoad() {
    this.app.pubSubManager.setAdapter(new RedisPubSub(process.env.PUBSUB_ADAPTER_REDIS_URL, this.app.logger));
  }
};
