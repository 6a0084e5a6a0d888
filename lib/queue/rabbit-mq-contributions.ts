import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { hostText } from '../host-and-port';
import { invalidProp, refuseToken } from '../invalid-prop';
import type { PartBinding } from '../node/contribution';
import { ownerOf } from '../node/owned-variables';

export interface RabbitMqConnection {
  readonly protocol: 'amqp' | 'amqps';
  readonly hostAndPort: string;
  /** What tells the server from others, where its address is taken apart anew for each who asks. */
  readonly server?: string;
  readonly virtualHost: string;
  /** Dynamic references. */
  readonly username: string;
  readonly password: string;
  /** Where these are, if others may be given. */
  readonly secretArn?: string;
  readonly urlVariable?: string;
}

/** What NocoBase is told about its RabbitMQ. */
export function rabbitMqContributions(connection: RabbitMqConnection): PartBinding {
  const { protocol, hostAndPort, virtualHost, username, password, secretArn } = connection;
  const path = virtualHost === '/' ? '' : `/${encoded(virtualHost)}`;
  return {
    contribution: {},
    adapterPlugins: ['@nocobase/plugin-queue-adapter-rabbitmq'],
    adapterContribution: {
      environment: {
        QUEUE_ADAPTER: 'rabbitmq',
        // The URL is in a Secret, and ECS does not look at it: nodes that run would keep the old one.
        LAUNCHER_QUEUE_ENDPOINT: [`${protocol} ${hostAndPort}${path}`, ...(secretArn ? [secretArn] : [])].join(' '),
      },
      connectionUrls: {
        [connection.urlVariable ?? 'QUEUE_ADAPTER_RABBITMQ_URL']:
          `${protocol}://${username}:${password}@${hostAndPort}${path}`,
      },
    },
    adapterClaims: { queues: `RabbitMQ ${connection.server ?? hostText(hostAndPort)} ${virtualHost}` },
  };
}

function encoded(virtualHost: string): string {
  return Token.isUnresolved(virtualHost) ? virtualHost : encodeURIComponent(virtualHost);
}

export function checkUrlVariable(scope: IConstruct, variable: string | undefined) {
  refuseToken(scope, 'queue.urlVariable', variable);
  if (
    variable !== undefined &&
    (!/^[A-Z][A-Z0-9_]*$/.test(variable) ||
      variable === 'QUEUE_ADAPTER' ||
      ![undefined, 'queue'].includes(ownerOf(variable)))
  ) {
    throw invalidProp(scope, {
      prop: 'queue.urlVariable',
      problem: `must be the name of an environment variable that nothing else decides, got: '${variable}'`,
      remedy: "Leave it out for 'QUEUE_ADAPTER_RABBITMQ_URL'",
    });
  }
}
