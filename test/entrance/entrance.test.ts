import { Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Entrance } from '../../lib';
import { environment, newCluster, only, render, synthesize } from '../cluster-fixture';
import {
  certificate,
  domain,
  LISTENER,
  LOAD_BALANCER,
  newPlatform,
  openTo,
  synthesizeEntrance,
  TARGET_GROUP,
} from './entrance-fixture';

function attributes(template: Template, type: string): { [key: string]: string } {
  const list = only(template, type).properties[
    type === LOAD_BALANCER ? 'LoadBalancerAttributes' : 'TargetGroupAttributes'
  ];
  return Object.fromEntries(list.map((attribute: any) => [attribute.Key, attribute.Value]));
}

describe('in front of the nodes', () => {
  test('the health check asks NocoBase itself, under its public path', () => {
    const path = (publicPath?: string) => only(synthesize({ publicPath }).template, TARGET_GROUP).properties;
    expect(path()).toMatchObject({ HealthCheckPath: '/api/__health_check', Matcher: { HttpCode: '200' }, Port: 13000 });
    expect(path('/nocobase/')).toMatchObject({ HealthCheckPath: '/nocobase/api/__health_check' });
  });

  test('a health path that answers 200 also when NocoBase is down is refused at synthesis', () => {
    const { cluster, stack } = newCluster({ publicPath: '/nocobase/' });
    cluster.entrance.targetGroup.configureHealthCheck({ path: '/nocobase/' });
    const errors = stack.node.findAll().flatMap((construct) => construct.node.validate());
    expect(errors).toEqual([
      expect.stringContaining(
        "`targetGroup.healthCheck.path` '/nocobase/' is not NocoBase's health check under `publicPath` '/nocobase/', and other paths answer 200 also when NocoBase is down. Leave it at '/nocobase/api/__health_check'.",
      ),
    ]);
  });

  test('a node drains as long as the load balancer deregisters it, and keeps connections longer than that', () => {
    const { template } = synthesize();
    const { LAUNCHER_DRAIN, LAUNCHER_KEEP_ALIVE } = environment(template);
    expect(attributes(template, TARGET_GROUP)['deregistration_delay.timeout_seconds']).toBe(LAUNCHER_DRAIN);
    expect(Number(LAUNCHER_KEEP_ALIVE)).toBeGreaterThan(
      Number(attributes(template, LOAD_BALANCER)['idle_timeout.timeout_seconds']),
    );
  });

  test('invalid headers are dropped; deletion protection and access logs are by choice', () => {
    const { template } = synthesize();
    expect(attributes(template, LOAD_BALANCER)).toMatchObject({
      'routing.http.drop_invalid_header_fields.enabled': 'true',
      'deletion_protection.enabled': 'false',
    });
    expect(attributes(template, LOAD_BALANCER)).not.toHaveProperty('access_logs.s3.enabled');
  });

  test('deletion protection is passed on', () => {
    const { template } = synthesize({ entrance: Entrance.http({ deletionProtection: true }) });
    expect(attributes(template, LOAD_BALANCER)).toMatchObject({ 'deletion_protection.enabled': 'true' });
  });

  test('a VPC without public subnets is refused with the entrance that needs none', () => {
    const vpc = ec2.Vpc.fromVpcAttributes(new Stack(), 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['a', 'b'],
      privateSubnetIds: ['s-1', 's-2'],
    });
    expect(() => newCluster({ vpc })).toThrow(/`entrance` needs public subnets.*Entrance\.cloudFront\(\)/);
  });
});

describe('Entrance.http', () => {
  test('an omitted entrance is open to nobody, and says so', () => {
    const { template, stack } = synthesize();
    expect(openTo(template)).toEqual([]);
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp(
        'plain HTTP.*open to nobody yet.*allowedCidrs.*Entrance.cloudFront\\(\\).*Entrance.domain',
      ),
    );
  });

  test('it is open to the ranges given', () => {
    const { template } = synthesize({
      entrance: Entrance.http({ allowedCidrs: ['203.0.113.7/32', '198.51.100.0/24'] }),
    });
    expect(openTo(template)).toEqual(['203.0.113.7/32:80', '198.51.100.0/24:80']);
  });

  test.each(['203.0.113.7', '203.0.113.7/33', '203.0.113/24', 'office', '::/0', ''])('%j is not a range', (cidr) => {
    expect(() => newCluster({ entrance: Entrance.http({ allowedCidrs: [cidr] }) })).toThrow(
      `\`entrance.allowedCidrs\` has '${cidr}', which is not an IPv4 range. Write address and prefix length, e.g. '203.0.113.7/32'`,
    );
  });
});

describe('Entrance.domain', () => {
  const { template, cluster } = synthesize({ entrance: domain('nocobase.example.com') });

  test('HTTPS with TLS 1.2 and up, HTTP redirects', () => {
    template.hasResourceProperties(LISTENER, {
      Port: 443,
      Protocol: 'HTTPS',
      SslPolicy: Match.stringLikeRegexp('TLS13-1-2'),
    });
    template.hasResourceProperties(LISTENER, {
      Port: 80,
      DefaultActions: [
        { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } },
      ],
    });
    expect(openTo(template)).toEqual(['0.0.0.0/0:80', '0.0.0.0/0:443']);
  });

  test('the certificate proves itself in the zone, where the name points to the load balancer', () => {
    expect(only(template, 'AWS::CertificateManager::Certificate').properties).toMatchObject({
      DomainName: 'nocobase.example.com',
      DomainValidationOptions: [{ HostedZoneId: 'Z0123456789' }],
    });
    expect(only(template, 'AWS::Route53::RecordSet').properties).toMatchObject({
      Name: 'nocobase.example.com.',
      Type: 'A',
      AliasTarget: { DNSName: expect.anything() },
    });
    expect(cluster.url).toBe('https://nocobase.example.com/');
  });

  test.each(['nocobase.example.org', 'badexample.com'])('%s, outside the zone, is refused', (name) => {
    expect(() => newCluster({ entrance: domain(name) })).toThrow(
      `\`entrance.domainName\` '${name}' does not lie in the hosted zone 'example.com'. Use a name such as 'nocobase.example.com'`,
    );
  });

  test.each(['https://nocobase.example.com', 'nocobase.example.com/', 'Nocobase.example.com'])(
    '%s is no name',
    (name) => {
      expect(() => newCluster({ entrance: domain(name) })).toThrow(
        `\`entrance.domainName\` '${name}' is not a domain name.`,
      );
    },
  );

  test('a zone without a name is refused; a name with a final dot will do', () => {
    const byId = route53.HostedZone.fromHostedZoneId(new Stack(), 'Zone', 'Z0123456789');
    expect(() =>
      newCluster({ entrance: Entrance.domain({ domainName: 'nocobase.example.com', hostedZone: byId }) }),
    ).toThrow('`entrance.hostedZone` has no name: it was made with HostedZone.fromHostedZoneId(). Use');
    const hostedZone = route53.HostedZone.fromHostedZoneAttributes(new Stack(), 'Zone', {
      hostedZoneId: 'Z0123456789',
      zoneName: 'example.com.',
    });
    expect(() =>
      newCluster({ entrance: Entrance.domain({ domainName: 'nocobase.example.com', hostedZone }) }),
    ).not.toThrow();
  });

  test('a zone may be written with capitals, and the record is the name', () => {
    const scope = new Stack();
    const attributes = { hostedZoneId: 'Z0123456789', zoneName: 'Example.com' };
    const hostedZone = route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', attributes);
    const recordOf = (domainName: string) => {
      const { template } = synthesize({ entrance: Entrance.domain({ domainName, hostedZone }) });
      return only(template, 'AWS::Route53::RecordSet').properties.Name;
    };
    expect(recordOf('nocobase.example.com')).toBe('nocobase.example.com.');
    expect(recordOf('example.com')).toBe('example.com.');
    expect(() => recordOf('example.org')).toThrow("does not lie in the hosted zone 'example.com'.");
  });

  test('a name that the deployment knows is a whole one, too', () => {
    const domainName = Token.asString({ Ref: 'Name' });
    const { template } = synthesize({ entrance: domain(domainName) });
    expect(render(only(template, 'AWS::Route53::RecordSet').properties.Name)).toBe('<Name>.');
  });

  test('the apex of the zone will do', () => {
    expect(() => newCluster({ entrance: domain('example.com') })).not.toThrow();
  });
});

test('Entrance.certificate takes the certificate given and makes no record', () => {
  const certificate = acm.Certificate.fromCertificateArn(
    new Stack(),
    'C',
    'arn:aws:acm:eu-central-1:111122223333:certificate/1',
  );
  const { template, cluster } = synthesize({
    entrance: Entrance.certificate(certificate, {
      domainName: 'nocobase.example.com',
      allowedCidrs: ['203.0.113.0/24'],
    }),
    publicPath: '/app/',
  });
  template.hasResourceProperties(LISTENER, {
    Port: 443,
    Certificates: [{ CertificateArn: certificate.certificateArn }],
  });
  template.resourceCountIs('AWS::Route53::RecordSet', 0);
  expect(openTo(template)).toEqual(['203.0.113.0/24:80', '203.0.113.0/24:443']);
  expect(cluster.url).toBe('https://nocobase.example.com/app/');
});

test('a certificate of another region is refused', () => {
  const certificate = acm.Certificate.fromCertificateArn(
    new Stack(),
    'C',
    'arn:aws:acm:us-east-1:111122223333:certificate/1',
  );
  const entrance = Entrance.certificate(certificate, { domainName: 'nocobase.example.com' });
  expect(() => newCluster({ entrance }, { env: { region: 'eu-central-1' } })).toThrow(
    '`entrance.certificate` is in us-east-1, and the load balancer that has to present it in eu-central-1.',
  );
  expect(() => newCluster({ entrance }, { env: { region: 'us-east-1' } })).not.toThrow();
});

test.each([
  ['http', Entrance.http()],
  ['domain', domain('nocobase.example.com')],
  ['certificate', Entrance.certificate(certificate(new Stack()), { domainName: 'nocobase.example.com' })],
  ['cloudFront', Entrance.cloudFront()],
])('Entrance.%s leads users to the public path, and the listener is known', (_, entrance) => {
  const { binding, template, stack } = synthesizeEntrance(entrance, { ...newPlatform(), publicPath: '/nocobase/' });
  const url = stack.resolve(binding.url);
  expect(typeof url === 'string' ? url : render(url)).toMatch(/^https?:\/\/[^/]+\/nocobase\/$/);
  expect(only(template, TARGET_GROUP).properties.HealthCheckPath).toBe('/nocobase/api/__health_check');
  expect(binding.listener).toBeDefined();
});
