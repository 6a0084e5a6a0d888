import { Fn, Names, Token, Validations } from 'aws-cdk-lib';
import * as amazonmq from 'aws-cdk-lib/aws-amazonmq';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { ownerOf } from '../node/owned-variables';
import type { MessageQueueBinding } from './message-queue';

/** How many brokers there are. Changing it replaces the broker and loses what is queued. */
export enum RabbitMqDeployment {
  /** One broker in one availability zone. A restart is a pause of some minutes for asynchronous work. */
  SINGLE_INSTANCE = 'SINGLE_INSTANCE',

  /** Three brokers over the availability zones, three times the price. */
  CLUSTER_MULTI_AZ = 'CLUSTER_MULTI_AZ',
}

/** What can be chosen for the managed RabbitMQ. */
export interface RabbitMqProps {
  /**
   * RabbitMQ version: `4.2` or `4.3`. NocoBase needs 4.0 or newer.
   *
   * @default '4.2'
   */
  readonly engineVersion?: string;

  /**
   * Instance type. RabbitMQ 4 runs on `mq.m7g.*` only. Amazon recommends
   * `mq.m7g.medium` for tests and small loads, `mq.m7g.large` and up for
   * production.
   *
   * @default 'mq.m7g.medium'
   */
  readonly instanceType?: string;

  /**
   * One broker or three. Changing it replaces the broker and loses what is
   * queued.
   *
   * @default RabbitMqDeployment.SINGLE_INSTANCE
   */
  readonly deployment?: RabbitMqDeployment;

  /**
   * The variable that NocoBase's RabbitMQ adapter reads its URL from. The
   * adapter is commercial and its documentation does not name it; the default
   * is by analogy with the Redis adapter.
   *
   * @default 'QUEUE_ADAPTER_RABBITMQ_URL'
   */
  readonly urlVariable?: string;
}

/** Properties of a `RabbitMqBroker`. */
export interface RabbitMqBrokerProps extends RabbitMqProps {
  /** The network. Changing it replaces the broker. */
  readonly vpc: ec2.IVpc;

  /** Subnets; the first one for a single instance. Changing them replaces the broker. */
  readonly vpcSubnets: ec2.SubnetSelection;
}

const PORT = 5671;
const ENGINE_VERSIONS = ['4.2', '4.3'];

/** An Amazon MQ for RabbitMQ broker for NocoBase, reachable from the nodes only. */
export class RabbitMqBroker extends Construct implements ec2.IConnectable {
  /** The broker. */
  public readonly broker: amazonmq.CfnBroker;

  /** User name and password. Amazon MQ cannot change the password afterwards. */
  public readonly secret: secretsmanager.Secret;

  /** The network side, port 5671 (AMQP over TLS). */
  public readonly connections: ec2.Connections;

  /** What the cluster takes over. */
  public readonly binding: MessageQueueBinding;

  constructor(scope: Construct, id: string, props: RabbitMqBrokerProps) {
    super(scope, id);
    this.validate(props);
    const deployment = props.deployment ?? RabbitMqDeployment.SINGLE_INSTANCE;

    // A group of its own: the groups of a RabbitMQ broker cannot be changed, only the rules in them
    // (hashicorp/terraform-provider-aws#33514).
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'RabbitMQ of a NocoBase cluster',
      allowAllOutbound: false,
    });
    this.connections = new ec2.Connections({ securityGroups: [securityGroup], defaultPort: ec2.Port.tcp(PORT) });

    // Alphanumeric: the password is part of a URL, and Amazon MQ refuses `,` `:` and `=`.
    this.secret = new secretsmanager.Secret(this, 'Secret', {
      description: 'User of the RabbitMQ of a NocoBase cluster',
      generateSecretString: {
        secretStringTemplate: '{"username":"nocobase"}',
        generateStringKey: 'password',
        passwordLength: 64,
        excludePunctuation: true,
      },
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'Amazon MQ for RabbitMQ has one user whose password its API cannot change.',
    });
    const username = this.secret.secretValueFromJson('username').unsafeUnwrap();
    const password = this.secret.secretValueFromJson('password').unsafeUnwrap();

    const { subnetIds } = props.vpc.selectSubnets(props.vpcSubnets);
    this.broker = new amazonmq.CfnBroker(this, 'Broker', {
      brokerName: this.brokerName(deployment),
      engineType: 'RABBITMQ',
      engineVersion: props.engineVersion ?? '4.2',
      hostInstanceType: props.instanceType ?? 'mq.m7g.medium',
      deploymentMode: deployment,
      subnetIds: deployment === RabbitMqDeployment.SINGLE_INSTANCE ? [subnetIds[0]] : subnetIds,
      securityGroups: [securityGroup.securityGroupId],
      publiclyAccessible: false,
      autoMinorVersionUpgrade: true,
      users: [{ username, password }],
      logs: { general: true },
    });

    if (deployment === RabbitMqDeployment.SINGLE_INSTANCE) {
      Validations.of(this.broker).acknowledge({
        id: 'cdk-validator-cfnguard::mq_rabbit_deployment_mode_check',
        reason: 'Three brokers cost three times as much and are one prop away; the queue carries background work only.',
      });
    }

    const endpoint = Fn.select(0, this.broker.attrAmqpEndpoints);
    const hostAndPort = Fn.select(1, Fn.split('//', endpoint));
    this.binding = {
      broker: this.broker,
      secret: this.secret,
      connections: this.connections,
      contribution: {},
      adapterPlugins: ['@nocobase/plugin-queue-adapter-rabbitmq'],
      adapterContribution: {
        environment: {
          QUEUE_ADAPTER: 'rabbitmq',
          // The URL is in a Secret: this is how the nodes change when the endpoint does.
          LAUNCHER_QUEUE_ENDPOINT: endpoint,
        },
        connectionUrls: {
          [props.urlVariable ?? 'QUEUE_ADAPTER_RABBITMQ_URL']: `amqps://${username}:${password}@${hostAndPort}`,
        },
      },
    };
  }

  /** Part of the name is what replaces the broker: the new one stands beside the old one for a while. */
  private brokerName(deployment: RabbitMqDeployment): string {
    const suffix = deployment === RabbitMqDeployment.SINGLE_INSTANCE ? '' : '-cluster';
    return Names.uniqueResourceName(this, { maxLength: 50 - suffix.length, separator: '-' }) + suffix;
  }

  private validate(props: RabbitMqBrokerProps) {
    const version = props.engineVersion ?? '4.2';
    if (!Token.isUnresolved(version) && !ENGINE_VERSIONS.includes(version)) {
      throw invalidProp(this, {
        prop: 'queue.engineVersion',
        problem: `must be one of ${ENGINE_VERSIONS.join(', ')}, got: '${version}'`,
        remedy: 'NocoBase needs RabbitMQ 4.0 or newer, and these are what Amazon MQ offers of it',
      });
    }
    const type = props.instanceType ?? 'mq.m7g.medium';
    if (!Token.isUnresolved(type) && !/^mq\.m7g\.(medium|large|(2|4|8|12|16)?xlarge)$/.test(type)) {
      throw invalidProp(this, {
        prop: 'queue.instanceType',
        problem: `'${type}' cannot run RabbitMQ ${version}, which Amazon MQ offers on mq.m7g only`,
        remedy: "Use 'mq.m7g.medium' for tests and small loads, 'mq.m7g.large' or larger for production",
      });
    }
    const variable = props.urlVariable;
    if (
      variable !== undefined &&
      (!/^[A-Z][A-Z0-9_]*$/.test(variable) || ![undefined, 'queue'].includes(ownerOf(variable)))
    ) {
      throw invalidProp(this, {
        prop: 'queue.urlVariable',
        problem: `must be the name of an environment variable that nothing else decides, got: '${variable}'`,
        remedy: "Leave it out for 'QUEUE_ADAPTER_RABBITMQ_URL'",
      });
    }
  }
}
