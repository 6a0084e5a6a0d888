// Stands in for the commercial plug-in of this name: the message queue, by RabbitMQ.
const { randomUUID } = require('node:crypto');
const { Plugin } = require('@nocobase/server');
const { connect } = require('amqplib');

const ACK_TIMEOUT = 15000;

class RabbitMqQueue {
  constructor(url, logger) {
    this.url = url;
    this.logger = logger;
    this.consumers = new Map();
  }

  isConnected() {
    return this.channel !== undefined;
  }

  async connect() {
    if (this.channel) return;
    this.connection = await connect(this.url, { servername: new URL(this.url).hostname });
    this.connection.on('error', (error) => this.logger.error(error.message));
    this.connection.on('close', () => {
      this.channel = undefined;
    });
    this.channel = await this.connection.createChannel();
  }

  async close() {
    await this.connection?.close().catch(() => {});
    this.channel = undefined;
  }

  async subscribe(queue, event) {
    if (!this.channel || this.consumers.has(queue)) return;
    this.consumers.set(queue, undefined);
    await this.declare(queue);
    await this.channel.prefetch(event.concurrency || 1);
    const { consumerTag } = await this.channel.consume(queue, (message) => this.handle(queue, event, message));
    this.consumers.set(queue, consumerTag);
  }

  unsubscribe(queue) {
    const tag = this.consumers.get(queue);
    this.consumers.delete(queue);
    if (this.channel && tag) this.channel.cancel(tag).catch(() => {});
  }

  async publish(queue, content, options = {}) {
    await this.declare(queue);
    const message = { id: randomUUID(), content, options: { timestamp: Date.now(), ...options } };
    this.channel.sendToQueue(queue, Buffer.from(JSON.stringify(message)), { persistent: true });
  }

  declare(queue) {
    return this.channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  }

  async handle(queue, event, message) {
    if (!message || !this.channel) return;
    if (!event.idle()) {
      setTimeout(() => this.channel?.nack(message), event.interval || 250);
      return;
    }
    const { id, content, options } = JSON.parse(message.content);
    const { timeout = ACK_TIMEOUT, maxRetries = 0, retried = 0 } = options;
    try {
      await event.process(content, { id, retried, signal: AbortSignal.timeout(timeout), queueOptions: options });
    } catch (error) {
      this.logger.error(error.message);
      if (retried < maxRetries) await this.publish(queue, content, { ...options, retried: retried + 1 });
    }
    this.channel?.ack(message);
  }
}

exports.__esModule = true;
exports.default = class extends Plugin {
  async beforeLoad() {
    this.app.eventQueue.setAdapter(new RabbitMqQueue(process.env.QUEUE_ADAPTER_RABBITMQ_URL, this.app.logger));
  }
};
