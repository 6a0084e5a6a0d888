import { Fn, Validations } from 'aws-cdk-lib';
import * as amazonmq from 'aws-cdk-lib/aws-amazonmq';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { checkConstruct, IMPORTED_VPC } from '../given';
import { invalidProp, isKnown } from '../invalid-prop';
import { dataSubnets } from '../network/data-subnets';
import { refuseSharedVpc } from '../network/shared-vpc';
import type { PartContext } from '../node/contribution';
import { StoredSecret } from '../node/stored-secret';
import { checkBeside, checkKey } from '../same-region';
import { brokerName } from './broker-name';
import type { IMessageQueue, MessageQueueBinding } from './message-queue';
import { checkUrlVariable, rabbitMqContributions } from './rabbit-mq-contributions';

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
  /** The network. Changing it replaces the broker, and what is in the queue is lost. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets, one in a zone and none of them public; a single instance takes the
   * first one. Changing the first one replaces the broker, which gets another
   * name by it, and loses what is queued; how it is written makes no difference.
   * Of three brokers the others cannot be changed without the first: they would
   * be replaced under the same name, which Amazon MQ refuses.
   *
   * @default - isolated subnets where they are in two zones (one for a single broker), private ones otherwise
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The KMS key that encrypts the queues and the Secret. Changing it replaces
   * the broker, which gets another name, and loses what is queued. So does
   * another way to write the same key: as a construct of this app, by its ARN,
   * by a value that is imported.
   *
   * @default - the keys that AWS owns or manages
   */
  readonly encryptionKey?: kms.IKey;
}

const PORT = 5671;
const ENGINE_VERSIONS = ['4.2', '4.3'];

/**
 * An Amazon MQ for RabbitMQ broker for NocoBase, reachable from the nodes only.
 *
 * Usable on its own, e.g. in a stack with what holds data: it can be given as
 * `queue` of a cluster.
 */
export class RabbitMqBroker extends Construct implements ec2.IConnectable, IMessageQueue {
  /** The broker. */
  public readonly broker: amazonmq.CfnBroker;

  /** User name and password. Amazon MQ cannot change the password afterwards. */
  public readonly secret: secretsmanager.Secret;

  /** The network side, port 5671 (AMQP over TLS). */
  public readonly connections: ec2.Connections;

  private readonly urlVariable?: string;
  private readonly name: string;

  constructor(scope: Construct, id: string, props: RabbitMqBrokerProps) {
    super(scope, id);
    this.validate(props);
    checkConstruct(this, 'vpc', props.vpc, IMPORTED_VPC);
    refuseSharedVpc(
      this,
      props.vpc,
      'Amazon MQ makes one for each broker: use MessageQueue.redis() or a broker that is there',
    );
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
      encryptionKey: props.encryptionKey,
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
    this.urlVariable = props.urlVariable;
    const single = deployment === RabbitMqDeployment.SINGLE_INSTANCE;
    const { subnetIds: selected } = props.vpc.selectSubnets(
      dataSubnets(this, props.vpc, props.vpcSubnets, { onePerZone: true, fewestZones: single ? 1 : 2, singly: single }),
    );
    const subnetIds = single ? selected.slice(0, 1) : selected;
    this.name = brokerName(this, { isSingle: single, subnetIds, ...props });

    this.broker = new amazonmq.CfnBroker(this, 'Broker', {
      brokerName: this.name,
      engineType: 'RABBITMQ',
      engineVersion: props.engineVersion ?? '4.2',
      hostInstanceType: props.instanceType ?? 'mq.m7g.medium',
      deploymentMode: deployment,
      subnetIds,
      securityGroups: [securityGroup.securityGroupId],
      publiclyAccessible: false,
      autoMinorVersionUpgrade: true,
      users: [this.credentials()],
      logs: { general: true },
      encryptionOptions: props.encryptionKey && { useAwsOwnedKey: false, kmsKeyId: props.encryptionKey.keyArn },
    });

    if (single) {
      Validations.of(this.broker).acknowledge({
        id: 'cdk-validator-cfnguard::mq_rabbit_deployment_mode_check',
        reason: 'Three brokers cost three times as much and are one prop away; the queue carries background work only.',
      });
    }
  }

  /** What the cluster takes over. Called by the cluster. */
  public bind(scope: Construct, _context: PartContext): MessageQueueBinding {
    checkBeside(scope, 'queue', this);
    const endpoint = Fn.select(0, this.broker.attrAmqpEndpoints);
    return {
      ...rabbitMqContributions({
        ...this.credentials(),
        protocol: 'amqps',
        hostAndPort: Fn.select(1, Fn.split('//', endpoint)),
        server: this.broker.ref,
        virtualHost: '/',
        urlVariable: this.urlVariable,
      }),
      broker: this.broker,
      secret: this.secret,
      connections: this.connections,
    };
  }

  /** Lets somebody else read user and password. The way there is opened by `connections`. */
  public grantConnect(grantee: iam.IGrantable): iam.Grant {
    return StoredSecret.inSecretsManager(this.secret).grantRead(grantee);
  }

  /**
   * A metric of the broker (namespace AWS/AmazonMQ), on average over five minutes.
   *
   * @param metricName as CloudWatch has it, e.g. `RabbitMQMemUsed`
   */
  public metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/AmazonMQ',
      metricName,
      dimensionsMap: { Broker: this.name },
      ...props,
    }).attachTo(this);
  }

  /** Messages that wait or are being worked on, in all queues: what grows when workers do not keep up. */
  public metricMessageCount(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('MessageCount', props);
  }

  /** CPU, in percent. */
  public metricCpuUtilization(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('SystemCpuUtilization', props);
  }

  private credentials() {
    return {
      username: this.secret.secretValueFromJson('username').unsafeUnwrap(),
      password: this.secret.secretValueFromJson('password').unsafeUnwrap(),
    };
  }

  private validate(props: RabbitMqBrokerProps) {
    const version = props.engineVersion ?? '4.2';
    if (isKnown(version) && !ENGINE_VERSIONS.includes(version)) {
      throw invalidProp(this, {
        prop: 'queue.engineVersion',
        problem: `must be one of ${ENGINE_VERSIONS.join(', ')}, got: '${version}'`,
        remedy: 'NocoBase needs RabbitMQ 4.0 or newer, and these are what Amazon MQ offers of it',
      });
    }
    const type = props.instanceType ?? 'mq.m7g.medium';
    if (isKnown(type) && !/^mq\.m7g\.(medium|large|(2|4|8|12|16)?xlarge)$/.test(type)) {
      throw invalidProp(this, {
        prop: 'queue.instanceType',
        problem: `'${type}' cannot run RabbitMQ ${version}, which Amazon MQ offers on mq.m7g only`,
        remedy: "Use 'mq.m7g.medium' for tests and small loads, 'mq.m7g.large' or larger for production",
      });
    }
    checkUrlVariable(this, props.urlVariable);
    checkKey(this, props.encryptionKey);
  }
}
