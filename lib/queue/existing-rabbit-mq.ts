import { Fn, Token, Validations } from 'aws-cdk-lib';
import * as amazonmq from 'aws-cdk-lib/aws-amazonmq';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { pathOf, resourcesIn } from '../app-resources';
import { checkCertificate } from '../certificate';
import { checkRequired, checkSecret } from '../given';
import { checkPort } from '../host-and-port';
import { invalidProp, isKnown } from '../invalid-prop';
import { StoredSecret } from '../node/stored-secret';
import { serverConnections } from '../server-connections';
import type { MessageQueueBinding } from './message-queue';
import { checkUrlVariable, rabbitMqContributions } from './rabbit-mq-contributions';

/** A RabbitMQ that runs already, version 4.0 or newer. */
export interface ExistingRabbitMqOptions {
  /**
   * Where it speaks AMQP, as Amazon MQ writes it:
   * `amqps://b-1234.mq.eu-central-1.on.aws:5671`; of a broker of this app
   * `Fn.select(0, broker.attrAmqpEndpoints)`. With `amqp://` passwords and jobs
   * travel in clear text, and synthesis warns. Of a cluster give the one address
   * that leads to all of its brokers.
   */
  readonly endpoint: string;

  /**
   * User and password, in the fields `username` and `password` of a Secret.
   * They become part of a URL: they must consist of characters that stand in a
   * URL as they are, or be stored percent-encoded, which is checked before a
   * deployment.
   *
   * The URL is put together when it is deployed: of another value of the same
   * Secret neither a deployment nor a restart makes nodes hear. Put a new
   * password into a new Secret, and give that.
   */
  readonly secret: secretsmanager.ISecret;

  /**
   * The virtual host. Two clusters in one would take each other's jobs. Encoded
   * for the URL where it is known at synthesis; a token has to be encoded already.
   *
   * @default '/'
   */
  readonly virtualHost?: string;

  /**
   * The root certificate, PEM, by which nodes verify the server.
   *
   * @default - the public ones, by which those of Amazon MQ are verified
   */
  readonly caCertificate?: string;

  /**
   * The security groups of the broker. The nodes are let in on its port.
   *
   * @default - none: letting the nodes in is up to you (`cluster.connections`)
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * The port that the nodes are let in on, where the endpoint does not say it
   * before the deployment.
   *
   * @default - that of the endpoint, 5671 if it is not known
   */
  readonly port?: number;

  /**
   * The variable that NocoBase's RabbitMQ adapter reads its URL from.
   *
   * @default 'QUEUE_ADAPTER_RABBITMQ_URL'
   */
  readonly urlVariable?: string;
}

const ENDPOINT = /^(amqps?):\/\/([A-Za-z0-9.-]+)(?::(\d{1,5}))?$/;
const PORTS = { amqp: 5672, amqps: 5671 };

/** Of RabbitMQ. */
const OLDEST_MAJOR_VERSION = 4;

export function existingRabbitMq(scope: Construct, options: ExistingRabbitMqOptions): MessageQueueBinding {
  const queue = new Construct(scope, 'Queue');
  checkRequired(queue, { 'queue.endpoint': options?.endpoint });
  const { endpoint, virtualHost = '/', secret, caCertificate, securityGroups } = options;
  checkSecret(queue, 'queue.secret', secret);
  checkCertificate(queue, 'queue.caCertificate', caCertificate);
  checkUrlVariable(queue, options.urlVariable);
  checkVirtualHost(queue, virtualHost);
  if (options.port !== undefined) checkPort(queue, 'queue.port', options.port);
  for (const broker of resourcesIn(queue, endpoint).filter(amazonmq.CfnBroker.isCfnBroker)) checkBroker(queue, broker);
  const { protocol, hostAndPort, port } = parse(queue, endpoint);
  if (options.port !== undefined && port !== undefined && options.port !== port) {
    const given = Token.isUnresolved(options.port) ? 'a token' : options.port;
    throw invalidProp(queue, {
      prop: 'queue.port',
      problem: `is ${given}, and \`queue.endpoint\` ${endpoint.endsWith(`:${port}`) ? 'says' : 'names none, which means'} ${port}`,
      remedy:
        'Write the right one into the endpoint, and leave this out: it is for an endpoint that is not known before the deployment',
    });
  }
  if (protocol === 'amqp') {
    Validations.of(queue).addWarning(
      'cdk-nocobase:queue-without-tls',
      'Nodes speak to this RabbitMQ without TLS: its password and the jobs travel in clear text inside the network. Use an endpoint that begins with amqps://.',
    );
  }
  const username = StoredSecret.inSecretsManager(secret, 'username');
  const password = StoredSecret.inSecretsManager(secret, 'password');
  return {
    ...rabbitMqContributions({
      protocol,
      hostAndPort,
      server: Token.isUnresolved(endpoint) ? endpoint : undefined,
      virtualHost,
      username: username.dynamicReference!,
      password: password.dynamicReference!,
      secretArn: secret.secretArn,
      urlVariable: options.urlVariable,
    }),
    secret,
    contribution: { trustedCertificates: caCertificate === undefined ? [] : [caCertificate] },
    urlParts: { 'user of RabbitMQ': username, 'password of RabbitMQ': password },
    connections: serverConnections(
      queue,
      'queue.securityGroups',
      securityGroups,
      port ?? options.port ?? PORTS[protocol],
    ),
  };
}

interface Endpoint {
  readonly protocol: 'amqp' | 'amqps';
  readonly hostAndPort: string;
  /** Where it is known at synthesis. */
  readonly port?: number;
}

function parse(scope: Construct, endpoint: string): Endpoint {
  if (Token.isUnresolved(endpoint)) {
    // The protocol may stand before a token; one that is all token is that of Amazon MQ, which speaks TLS only.
    const [, protocol, rest] = /^(amqps?):\/\/(.+)$/.exec(endpoint) ?? [];
    return {
      protocol: protocol === 'amqp' ? 'amqp' : 'amqps',
      hostAndPort: rest ?? Fn.select(1, Fn.split('//', endpoint)),
    };
  }
  if (!isKnown(endpoint)) return { protocol: 'amqps', hostAndPort: endpoint };
  const [, protocol, host, digits] = ENDPOINT.exec(endpoint) ?? [];
  const port = Number(digits ?? PORTS[protocol as 'amqp' | 'amqps']);
  if (protocol === undefined || port < 1 || port > 65535) {
    throw invalidProp(scope, {
      prop: 'queue.endpoint',
      problem: `must be protocol, host and port of a RabbitMQ, got: '${endpoint.replace(/\/\/.*@/, '//…@')}'`,
      remedy: "Write e.g. 'amqps://mq.example.com:5671'; user and password belong into `secret`",
    });
  }
  return { protocol: protocol as 'amqp' | 'amqps', hostAndPort: `${host}:${port}`, port };
}

/** A broker of this app tells what it is. */
function checkBroker(scope: Construct, broker: amazonmq.CfnBroker) {
  const { engineType, engineVersion } = broker;
  if (isKnown(engineType) && engineType.toUpperCase() !== 'RABBITMQ') {
    throw invalidProp(scope, {
      prop: 'queue.endpoint',
      problem: `is that of ${pathOf(broker)}, which is ${engineType}, and NocoBase speaks to RabbitMQ`,
      remedy: "Make it with engineType: 'RABBITMQ'",
    });
  }
  if (engineVersion !== undefined && Number.parseFloat(engineVersion) < OLDEST_MAJOR_VERSION) {
    throw invalidProp(scope, {
      prop: 'queue.endpoint',
      problem: `is that of ${pathOf(broker)}, which is RabbitMQ ${engineVersion}, and NocoBase needs ${OLDEST_MAJOR_VERSION}.0 or newer`,
      remedy: "Make it with engineVersion: '4.2'",
    });
  }
}

function checkVirtualHost(scope: Construct, virtualHost: string) {
  if (virtualHost === '') {
    throw invalidProp(scope, {
      prop: 'queue.virtualHost',
      problem: 'is empty, which is no name of a virtual host',
      remedy: "Leave it out for the usual one, '/'",
    });
  }
}
