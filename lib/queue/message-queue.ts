import type * as amazonmq from 'aws-cdk-lib/aws-amazonmq';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { allOptions } from '../all-options';
import type { PartBinding, PartContext } from '../node/contribution';
import { placement } from '../node/placement';
import { type ExistingRabbitMqOptions, existingRabbitMq } from './existing-rabbit-mq';
import { RabbitMqBroker, type RabbitMqProps } from './rabbit-mq-broker';

/** A message queue that is bound to a cluster. */
export interface MessageQueueBinding extends PartBinding {
  /**
   * The Amazon MQ broker.
   *
   * @default - the queue is not a broker made here
   */
  readonly broker?: amazonmq.CfnBroker;

  /**
   * Whether what is queued is in the Redis of the cluster.
   *
   * @default false
   */
  readonly inRedis?: boolean;

  /**
   * The Secret with the broker's user name and password.
   *
   * @default - the queue has none
   */
  readonly secret?: secretsmanager.ISecret;
}

/** What the message queue of a cluster can be: made by `MessageQueue`, or a `RabbitMqBroker` of another stack. */
export interface IMessageQueue {
  /** Makes or looks up what it stands for. Called once, by the cluster. */
  bind(scope: Construct, context: PartContext): MessageQueueBinding;
}

/** Where NocoBase queues asynchronous work. */
export abstract class MessageQueue implements IMessageQueue {
  /** A managed Amazon MQ for RabbitMQ: private, TLS, with credentials from Secrets Manager. */
  public static rabbitMq(props: RabbitMqProps = {}): MessageQueue {
    return new Deferred((scope, context) =>
      new RabbitMqBroker(scope, 'Queue', { ...allOptions(props), ...placement(context) }).bind(scope, context),
    );
  }

  /** A RabbitMQ that runs already, of Amazon MQ or your own. */
  public static existingRabbitMq(options: ExistingRabbitMqOptions): MessageQueue {
    return new Deferred((scope) => existingRabbitMq(scope, options));
  }

  /**
   * The Redis of the cluster: no broker is made, which saves the most expensive
   * part of a small cluster. What is queued is lost with that Redis, and a
   * snapshot of it (`Redis.valkey({ snapshotRetention })`) is a day old at worst.
   * Changing to it from RabbitMQ, or back, leaves behind what is queued.
   */
  public static redis(): MessageQueue {
    return new Deferred(() => ({
      inRedis: true,
      contribution: {},
      adapterPlugins: ['@nocobase/plugin-queue-adapter-redis'],
      // The URL comes with the Redis.
      adapterContribution: { environment: { QUEUE_ADAPTER: 'redis' } },
    }));
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: PartContext): MessageQueueBinding;
}

class Deferred extends MessageQueue {
  constructor(private readonly create: (scope: Construct, context: PartContext) => MessageQueueBinding) {
    super();
  }

  public bind(scope: Construct, context: PartContext): MessageQueueBinding {
    return this.create(scope, context);
  }
}
