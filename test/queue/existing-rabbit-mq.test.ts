import { CfnParameter, Fn, Lazy, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnBroker, type CfnBrokerProps } from 'aws-cdk-lib/aws-amazonmq';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { type ExistingRabbitMqOptions, MessageQueue } from '../../lib';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { named, newPlace, reference, told, warnings } from '../part-fixture';

const PEM = RDS_ROOTS['us-east-1'];
const CREDENTIALS = `${reference('mq', 'username')}:${reference('mq', 'password')}`;

type Options = Partial<ExistingRabbitMqOptions>;

/** A RabbitMQ of one's own, with what a test changes about it. */
function bind(options: Options | ((stack: Stack) => Options) = {}) {
  const { stack, context } = newPlace();
  const given = typeof options === 'function' ? options(stack) : options;
  const all = { endpoint: 'amqps://mq.internal:5671', secret: named(stack, 'mq'), ...given };
  const binding = MessageQueue.existingRabbitMq(all).bind(stack, context);
  return { stack, binding, told: told(stack, binding.adapterContribution) };
}

test('the URL is the endpoint with user and password put in as references', () => {
  const { told, stack, binding } = bind();
  expect(told).toMatchObject({
    QUEUE_ADAPTER: 'rabbitmq',
    QUEUE_ADAPTER_RABBITMQ_URL: `amqps://${CREDENTIALS}@mq.internal:5671`,
  });
  expect(binding.adapterPlugins).toEqual(['@nocobase/plugin-queue-adapter-rabbitmq']);
  Template.fromStack(stack).resourceCountIs('AWS::AmazonMQ::Broker', 0);
  expect(warnings(stack)).toEqual([]);
});

test.each([
  ['/', ''],
  ['crm', '/crm'],
  ['/crm prod', '/%2Fcrm%20prod'],
])('the virtual host %j is the path %j', (virtualHost, path) => {
  expect(bind({ virtualHost }).told.QUEUE_ADAPTER_RABBITMQ_URL).toBe(`amqps://${CREDENTIALS}@mq.internal:5671${path}`);
});

test('its variable may have another name, and its root certificate is trusted', () => {
  const { told, binding } = bind({ urlVariable: 'RABBITMQ_URL', caCertificate: PEM });
  expect(Object.keys(told)).toContain('RABBITMQ_URL');
  expect(binding.contribution.trustedCertificates).toEqual([PEM]);
});

test('user and password are looked at before a deployment: a URL has to carry them', () => {
  expect(Object.values(bind().binding.urlParts!).map(({ field }) => field)).toEqual(['username', 'password']);
});

test('without TLS there is a warning, and the usual port is another', () => {
  const { told, stack, binding } = bind({ endpoint: 'amqp://mq.internal', securityGroups: [] });
  expect(told.QUEUE_ADAPTER_RABBITMQ_URL).toBe(`amqp://${CREDENTIALS}@mq.internal:5672`);
  expect(binding.connections!.defaultPort!.toString()).toBe('5672');
  expect(warnings(stack)).toEqual([expect.stringContaining('cdk-nocobase:queue-without-tls')]);
});

describe('nodes start anew, since ECS does not look into Secrets, with another', () => {
  const endpoint = (options: Parameters<typeof bind>[0] = {}) => bind(options).told.LAUNCHER_QUEUE_ENDPOINT;

  test.each<[string, Parameters<typeof bind>[0]]>([
    ['endpoint', { endpoint: 'amqps://other.internal:5671' }],
    ['virtual host', { virtualHost: 'crm' }],
    ['Secret', (stack) => ({ secret: named(stack, 'other') })],
  ])('%s', (_, options) => {
    expect(endpoint(options)).not.toBe(endpoint());
  });

  test('without being told a password in passing', () => {
    expect(endpoint()).not.toContain('resolve:');
  });
});

test('nodes are let in to the security groups that are named, and nowhere by ourselves', () => {
  const { binding } = bind((stack) => ({
    endpoint: 'amqps://mq.internal:6671',
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
  }));
  expect(binding.connections!.securityGroups.map(({ securityGroupId }) => securityGroupId)).toEqual(['sg-1']);
  expect(binding.connections!.defaultPort!.toString()).toBe('6671');
  expect(bind().binding.connections).toBeUndefined();
});

test('its place is the virtual host, however the endpoint is written', () => {
  const { adapterClaims } = bind({ endpoint: 'amqps://MQ.internal' }).binding;
  expect(adapterClaims).toEqual({ queues: 'RabbitMQ mq.internal:5671 /' });
  expect(bind({ virtualHost: 'crm' }).binding.adapterClaims).toEqual({ queues: 'RabbitMQ mq.internal:5671 crm' });
});

describe('an endpoint that is known at the deployment only', () => {
  test('is that of a broker of the app', () => {
    const { told, binding } = bind((stack) => {
      const broker = new CfnBroker(stack, 'Company', {
        brokerName: 'company',
        engineType: 'RABBITMQ',
        deploymentMode: 'SINGLE_INSTANCE',
        hostInstanceType: 'mq.m7g.medium',
        publiclyAccessible: false,
      });
      return { endpoint: Fn.select(0, broker.attrAmqpEndpoints), securityGroups: [] };
    });
    expect(told.QUEUE_ADAPTER_RABBITMQ_URL).toBe(
      `amqps://${CREDENTIALS}@select(1, split(//, select(0, <Company.AmqpEndpoints>)))`,
    );
    expect(binding.connections!.defaultPort!.toString()).toBe('5671');
  });

  test.each([
    ['amqp', '5672'],
    ['amqps', '5671'],
  ])('has its protocol where it begins with %s://', (protocol, port) => {
    const { told, binding, stack } = bind((of) => ({
      endpoint: `${protocol}://${new CfnParameter(of, 'Host').valueAsString}`,
      securityGroups: [],
    }));
    expect(told.QUEUE_ADAPTER_RABBITMQ_URL).toBe(`${protocol}://${CREDENTIALS}@<Host>`);
    expect(binding.connections!.defaultPort!.toString()).toBe(port);
    expect(warnings(stack)).toHaveLength(protocol === 'amqp' ? 1 : 0);
  });

  test('has the port that is said', () => {
    const { binding } = bind((stack) => ({
      endpoint: new CfnParameter(stack, 'Endpoint').valueAsString,
      port: 6671,
      virtualHost: new CfnParameter(stack, 'VirtualHost').valueAsString,
      securityGroups: [],
    }));
    expect(binding.connections!.defaultPort!.toString()).toBe('6671');
  });

  test('is one and the same place for all', () => {
    const { stack, context } = newPlace();
    const endpoint = new CfnParameter(stack, 'Endpoint').valueAsString;
    for (const [index, given] of [endpoint, `amqps://${endpoint}`].entries()) {
      const queue = MessageQueue.existingRabbitMq({ endpoint: given, secret: named(stack, 'mq') });
      const [one, other] = ['One', 'Other'].map(
        (id) => queue.bind(new Construct(stack, `${id}${index}`), context).adapterClaims,
      );
      expect(one).toEqual(other);
    }
  });
});

describe('a broker of the app is looked at', () => {
  const on = (
    props: Partial<CfnBrokerProps>,
    endpointOf = (broker: CfnBroker) => Fn.select(0, broker.attrAmqpEndpoints),
  ) =>
    bind((stack) => {
      const broker = new CfnBroker(stack, 'Company', {
        brokerName: 'company',
        engineType: 'RABBITMQ',
        deploymentMode: 'SINGLE_INSTANCE',
        hostInstanceType: 'mq.m7g.medium',
        publiclyAccessible: false,
        ...props,
      });
      return { endpoint: endpointOf(broker) };
    });

  test.each<[string, Partial<CfnBrokerProps>, string]>([
    [
      'ActiveMQ',
      { engineType: 'ACTIVEMQ' },
      '`queue.endpoint` is that of Prod/Company, which is ACTIVEMQ, and NocoBase speaks to RabbitMQ.',
    ],
    [
      'RabbitMQ 3.13',
      { engineVersion: '3.13' },
      '`queue.endpoint` is that of Prod/Company, which is RabbitMQ 3.13, and NocoBase needs 4.0 or newer.',
    ],
  ])('%s is refused, however its endpoint is taken apart', (_, props, message) => {
    expect(() => on(props)).toThrow(message);
    const host = (broker: CfnBroker) =>
      `amqps://${Fn.select(1, Fn.split('//', Fn.select(0, broker.attrAmqpEndpoints)))}`;
    expect(() => on(props, host)).toThrow(message);
  });

  test('RabbitMQ 4, or what is known at the deployment only, is taken', () => {
    expect(() => on({ engineVersion: '4.2' })).not.toThrow();
    expect(() => on({ engineType: Fn.importValue('Engine'), engineVersion: Fn.importValue('Version') })).not.toThrow();
  });

  test('what is produced late is not asked before its time', () => {
    const asked = jest.fn(() => 'amqps://mq.internal:5671');
    const { stack, context } = newPlace();
    const endpoint = Lazy.string({ produce: asked });
    MessageQueue.existingRabbitMq({ endpoint, secret: named(stack, 'mq') }).bind(stack, context);
    expect(asked).not.toHaveBeenCalled();
  });
});

test('an endpoint that is looked up may not be there yet', () => {
  expect(() => bind({ endpoint: 'dummy-value-for-/queue' })).not.toThrow();
});

test.each<[string, Options, string]>([
  ['no endpoint', { endpoint: undefined }, '`queue.endpoint` is missing'],
  ['no Secret', { secret: undefined }, '`queue.secret` is missing'],
  [
    'the ARN of a Secret',
    { secret: 'arn' as any },
    '/Queue]: `queue.secret` must be a Secret of Secrets Manager, got: string.',
  ],
  [
    'a host without protocol',
    { endpoint: 'mq.internal:5671' },
    "`queue.endpoint` must be protocol, host and port of a RabbitMQ, got: 'mq.internal:5671'. Write e.g. 'amqps://mq.example.com:5671'",
  ],
  [
    'a password in the endpoint, which is not repeated',
    { endpoint: 'amqps://user:hunter2@mq.internal' },
    "got: 'amqps://…@mq.internal'.",
  ],
  ['ActiveMQ', { endpoint: 'amqp+ssl://b-1.mq.eu-central-1.on.aws:5671' }, '`queue.endpoint` must be'],
  ['a port out of range', { endpoint: 'amqps://mq.internal:70000' }, '`queue.endpoint` must be'],
  ['another port than that of the endpoint', { port: 5672 }, '`queue.port` is 5672, and `queue.endpoint` says 5671.'],
  [
    'another port than that of an endpoint without one',
    { endpoint: 'amqps://mq.internal', port: 5679 },
    '`queue.port` is 5679, and `queue.endpoint` names none, which means 5671. Write the right one into the endpoint',
  ],
  ['a port that is none', { port: 0 }, '`queue.port` must be a whole number between 1 and 65535, got: 0.'],
  [
    'a security group that is not there',
    { securityGroups: [undefined as any] },
    '`queue.securityGroups` must be security groups, and one of them is no group but: nothing.',
  ],
  ['an empty virtual host', { virtualHost: '' }, '`queue.virtualHost` is empty'],
  ['a path for a certificate', { caCertificate: '/etc/ca.pem' }, '`queue.caCertificate` is not one PEM certificate.'],
  [
    'a variable of another part',
    { urlVariable: 'DB_HOST' },
    '`queue.urlVariable` must be the name of an environment variable',
  ],
])('%s is refused', (_, options, message) => {
  expect(() => bind(options)).toThrow(message);
  expect(() => bind(options)).not.toThrow(/hunter2/);
});
