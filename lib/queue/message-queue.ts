import type * as amazonmq from 'aws-cdk-lib/aws-amazonmq';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { PartBinding, PartContext } from '../node/contribution';
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
   * The Secret with the broker's user name and password.
   *
   * @default - the queue is not a broker made here
   */
  readonly secret?: secretsmanager.ISecret;
}

/** Where NocoBase queues asynchronous work. */
export abstract class MessageQueue {
  /** A managed Amazon MQ for RabbitMQ: private, TLS, with credentials from Secrets Manager. */
  public static rabbitMq(props: RabbitMqProps = {}): MessageQueue {
    return new ManagedRabbitMq(props);
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: PartContext): MessageQueueBinding;
}

class ManagedRabbitMq extends MessageQueue {
  constructor(private readonly props: RabbitMqProps) {
    super();
  }

  public bind(scope: Construct, context: PartContext): MessageQueueBinding {
    return new RabbitMqBroker(scope, 'Queue', {
      ...this.props,
      vpc: context.vpc,
      vpcSubnets: context.dataSubnets,
    }).binding;
  }
}
