import { app, RECKONED, templatesOf } from './deployments';
import { ancestorsOf, type Graph, graphOf, type Step } from './graph';
import { report } from './report';
import { scheduleOf } from './schedule';
import { isSlow, type Series, seriesIn, totalOf } from './series';

const DOMAIN = {
  type: 'domain',
  domainName: 'nocobase.example.com',
  hostedZoneId: 'Z0123456789ABCDEFGHIJ',
  hostedZoneName: 'example.com',
};

const TEMPLATES = Object.entries({
  ...RECKONED,
  'app before the licence': app({ license: 'pending' }),
  'app of production': app({ profile: 'production', entrance: DOMAIN }),
}).map(([name, build]) => [name, templatesOf(build)] as const);

/** Stacks one by one: that one comes after another is decided by who cuts an app into stacks. */
const STACKS = TEMPLATES.flatMap(([name, templates]) =>
  Object.entries(templates).map(([stack, template]) => [`${name}/${stack}`, graphOf({ [stack]: template })] as const),
);
const CLUSTERS = STACKS.filter(([, graph]) => ofType(graph, 'AWS::ECS::Service').length > 0);

const SERVICE = 'AWS::ECS::Service';
const DATABASE = 'AWS::RDS::DBInstance';
const REDIS = 'AWS::ElastiCache::ReplicationGroup';
const BROKER = 'AWS::AmazonMQ::Broker';
const MOUNT_TARGET = 'AWS::EFS::MountTarget';
const NAT_GATEWAY = 'AWS::EC2::NatGateway';
const ATTACHMENT = 'AWS::EC2::VPCGatewayAttachment';
const LOAD_BALANCER = 'AWS::ElasticLoadBalancingV2::LoadBalancer';
const CERTIFICATE = 'AWS::CertificateManager::Certificate';
const VPC_ORIGIN = 'AWS::CloudFront::VpcOrigin';
const DISTRIBUTION = 'AWS::CloudFront::Distribution';
const PREFLIGHT = 'Custom::NocoBasePreflight';

const DATA_SERVICES = [DATABASE, REDIS, BROKER, MOUNT_TARGET];

/** Why one thing that takes long waits for another. Everything else is made side by side. */
const REASONS: { readonly [series: string]: string } = {
  [`${DATABASE} → ${SERVICE}`]: 'The first node installs NocoBase into it.',
  [`${REDIS} → ${SERVICE}`]: 'Nodes read its URL when they start.',
  [`${BROKER} → ${SERVICE}`]:
    'Nodes read its URL when they start. (Before the licence they do without, and wait all the same: for all that holds data.)',
  [`${MOUNT_TARGET} → ${SERVICE}`]: 'Fargate mounts the file system before it starts a container.',
  [`${NAT_GATEWAY} → ${SERVICE}`]: 'Nodes pull their image through it.',
  [`${LOAD_BALANCER} → ${SERVICE}`]: 'ECS refuses a target group that no load balancer has.',
  [`${CERTIFICATE} → ${SERVICE}`]: 'The target group is on the HTTPS listener, which presents the certificate.',
  [`${LOAD_BALANCER} → ${VPC_ORIGIN}`]: 'CloudFront has to be told to which load balancer it goes.',
  [`${LOAD_BALANCER} → ${DISTRIBUTION}`]: 'Its host name is that of the origin.',
  [`${VPC_ORIGIN} → ${DISTRIBUTION}`]: 'A distribution takes a VPC origin by its id, once that is deployed.',
};

function nameOf({ earlier, later }: Series): string {
  return `${earlier.type} → ${later.type}`;
}

function ofType(graph: Graph, ...types: string[]): Step[] {
  return [...graph.values()].filter(({ type }) => types.includes(type));
}

function at(graph: Graph, path: string): Step {
  const [found, ...more] = [...graph.values()].filter((step) => step.path.endsWith(path));
  expect([found?.path, ...more.map((step) => step.path)]).toEqual([expect.stringContaining(path)]);
  return found;
}

/** The types of what a step waits for, directly or through others. */
function typesBefore(graph: Graph, { id }: Step): string[] {
  return [...new Set([...ancestorsOf(graph, id)].map(({ type }) => type))];
}

test('what takes a minute or more is known', () => {
  const slow = STACKS.flatMap(([, graph]) => [...graph.values()].filter(isSlow).map(({ type }) => type));
  expect(new Set(slow)).toEqual(
    new Set([
      ...DATA_SERVICES,
      ...[NAT_GATEWAY, LOAD_BALANCER, CERTIFICATE, VPC_ORIGIN, DISTRIBUTION, SERVICE],
      // That of examples/existing-app, in its VPC.
      'AWS::Lambda::Function',
    ]),
  );
});

test('every reason for a series is one for something', () => {
  const found = new Set(STACKS.flatMap(([, graph]) => seriesIn(graph).map(nameOf)));
  expect([...found].sort()).toEqual(Object.keys(REASONS).sort());
});

describe.each(STACKS)('%s', (_, graph) => {
  test('makes nothing in series that could be made in parallel', () => {
    const needless = seriesIn(graph).filter((series) => !(nameOf(series) in REASONS));
    expect(needless.map(({ earlier, later }) => `${earlier.path} → ${later.path}`)).toEqual([]);
  });

  test('takes no longer than those reasons make it', () => {
    expect(scheduleOf(graph).total).toBe(totalOf(graph, (series) => nameOf(series) in REASONS));
  });

  // 17 s of it after the first node serves: a policy that names the service.
  test('loses no more than a minute and three quarters to what is quick', () => {
    const { total, chain } = scheduleOf(graph);
    expect(total - chain.filter(isSlow).reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThanOrEqual(105);
  });
});

describe.each(CLUSTERS)('%s', (name, graph) => {
  const { steps } = scheduleOf(graph);
  const [preflight] = ofType(graph, PREFLIGHT);
  const [service] = ofType(graph, SERVICE);

  test('checks the secrets within a minute, before and not behind anything slow', () => {
    expect([...ancestorsOf(graph, preflight.id)].filter(isSlow)).toEqual([]);
    expect(steps.get(preflight.id)!.end).toBeLessThanOrEqual(60);
  });

  test('makes data services after that check, and waits with them for nothing else', () => {
    const started = ofType(graph, ...DATA_SERVICES);
    expect(new Set(started.map(({ type }) => type))).toEqual(new Set(DATA_SERVICES));
    for (const part of started) {
      expect(typesBefore(graph, part)).toContain(PREFLIGHT);
      expect(
        [...ancestorsOf(graph, part.id)].filter((step) => isSlow(step) || step.path.includes('/Entrance/')),
      ).toEqual([]);
      // A security group, subnets and parameters; for a mount target the file system.
      expect(steps.get(part.id)!.start - steps.get(preflight.id)!.end).toBeLessThanOrEqual(15);
    }
  });

  test('puts the connection URLs together when their services are there, and starts nodes when all of it is', () => {
    const urls = at(graph, '/Configuration/ConnectionUrls');
    expect(typesBefore(graph, urls)).toEqual(
      // Without a licence there is no adapter, and the cache is the only one with a URL.
      expect.arrayContaining(name.includes('before the licence') ? [REDIS] : [REDIS, BROKER]),
    );
    expect(typesBefore(graph, at(graph, '/Web/TaskDefinition'))).toContain(DATABASE);
    expect(ancestorsOf(graph, service.id)).toContain(urls);
    expect(typesBefore(graph, service)).toEqual(expect.arrayContaining([...DATA_SERVICES, PREFLIGHT]));
  });

  test('has the ways out of a new network before what needs them', () => {
    const ways = ofType(graph, NAT_GATEWAY, ATTACHMENT).map(({ type }) => type);
    expect(typesBefore(graph, service)).toEqual(expect.arrayContaining(ways));
    for (const origin of ofType(graph, VPC_ORIGIN).map((step) => typesBefore(graph, step))) {
      expect(origin.includes(ATTACHMENT)).toBe(ways.includes(ATTACHMENT));
    }
  });
});

test.each(TEMPLATES)('the report of %s is always the same', (name, templates) => {
  const first = report(name, graphOf(templates));
  expect(first).toContain(`${name}: a first deployment takes about `);
  expect(report(name, graphOf(structuredClone(templates)))).toBe(first);
});
