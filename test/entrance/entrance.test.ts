import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Database, Entrance } from '../../lib';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { environment, newCluster, only, render, synthesize } from '../cluster-fixture';

const LISTENER = 'AWS::ElasticLoadBalancingV2::Listener';
const BALANCER = 'AWS::ElasticLoadBalancingV2::LoadBalancer';
const TARGET_GROUP = 'AWS::ElasticLoadBalancingV2::TargetGroup';

const zone = (scope = new Stack()) =>
  route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', { hostedZoneId: 'Z0123456789', zoneName: 'example.com' });
const domain = (domainName: string) => {
  const hostedZone = zone();
  return Entrance.domain({ domainName, hostedZone });
};

function attributes(template: Template, type: string): { [key: string]: string } {
  const list = only(template, type).properties[type === BALANCER ? 'LoadBalancerAttributes' : 'TargetGroupAttributes'];
  return Object.fromEntries(list.map((attribute: any) => [attribute.Key, attribute.Value]));
}

function openTo(template: Template): string[] {
  return Object.values(template.findResources('AWS::EC2::SecurityGroup'))
    .flatMap((group) => group.Properties.SecurityGroupIngress ?? [])
    .map((rule: any) => `${typeof rule.CidrIp === 'string' ? rule.CidrIp : render(rule.CidrIp)}:${rule.FromPort}`);
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
      Number(attributes(template, BALANCER)['idle_timeout.timeout_seconds']),
    );
  });

  test('invalid headers are dropped; deletion protection and access logs are by choice', () => {
    const { template } = synthesize();
    expect(attributes(template, BALANCER)).toMatchObject({
      'routing.http.drop_invalid_header_fields.enabled': 'true',
      'deletion_protection.enabled': 'false',
    });
    expect(attributes(template, BALANCER)).not.toHaveProperty('access_logs.s3.enabled');
  });

  test('access logs and deletion protection are passed on', () => {
    const { stack, cluster } = newCluster(
      {
        entrance: Entrance.http({
          deletionProtection: true,
          accessLogs: s3.Bucket.fromBucketName(new Stack(), 'Logs', 'logs'),
        }),
      },
      { env: { region: 'eu-central-1' } },
    );
    expect(stack.resolve((cluster.entrance.loadBalancer!.node.defaultChild as any).loadBalancerAttributes)).toEqual(
      expect.arrayContaining([
        { key: 'access_logs.s3.enabled', value: 'true' },
        { key: 'deletion_protection.enabled', value: 'true' },
      ]),
    );
  });

  test('access logs in a stack without a region are refused with the way out', () => {
    const accessLogs = s3.Bucket.fromBucketName(new Stack(), 'Logs', 'logs');
    expect(() => newCluster({ entrance: Entrance.http({ accessLogs }) })).toThrow(
      /`entrance.accessLogs` need a stack with a concrete region.*Give the stack one: new Stack\(app, 'Id', \{ env: \{ region:/,
    );
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

test('between public and internal there is another target group: one belongs to one load balancer at a time', () => {
  const ids = (entrance: Entrance) => {
    const { template } = synthesize({ entrance });
    return [BALANCER, TARGET_GROUP].map((type) => only(template, type).id);
  };
  expect(ids(Entrance.http())).toEqual(ids(domain('nocobase.example.com')));
  for (const id of ids(Entrance.cloudFront())) {
    expect(ids(Entrance.http())).not.toContain(id);
  }
});

describe('Entrance.cloudFront', () => {
  const { template, cluster, stack } = synthesize({ entrance: Entrance.cloudFront() });

  test('the load balancer is internal and reached by CloudFront only, whose addresses are looked up at the deployment', () => {
    expect(only(template, BALANCER).properties.Scheme).toBe('internal');
    template.resourceCountIs('AWS::CloudFront::VpcOrigin', 1);
    expect(openTo(template)).toEqual([]);
    const lookup = only(template, 'Custom::NocoBaseCloudFrontPrefixList');
    expect(render(lookup.properties.Create)).toContain('com.amazonaws.global.cloudfront.origin-facing');
    const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).filter(
      ({ Properties }) => Properties.SourcePrefixListId,
    );
    expect(rules).toHaveLength(1);
    expect(rules[0].Properties).toMatchObject({
      FromPort: 80,
      ToPort: 80,
      SourcePrefixListId: { 'Fn::GetAtt': [lookup.id, 'PrefixLists.0.PrefixListId'] },
      GroupId: { 'Fn::GetAtt': [expect.stringContaining('InternalLoadBalancerAlbSecurityGroup'), 'GroupId'] },
    });
  });

  test('nodes are told that users come by HTTPS, which the load balancer does not know', () => {
    expect(only(template, LISTENER).properties.Protocol).toBe('HTTP');
    expect(environment(template).LAUNCHER_FORWARDED_PROTO).toBe('https');
    for (const direct of [Entrance.http(), domain('nocobase.example.com')]) {
      expect(environment(synthesize({ entrance: direct }).template)).not.toHaveProperty('LAUNCHER_FORWARDED_PROTO');
    }
  });

  test('CloudFront finds an internet gateway on the VPC when it is told about the load balancer', () => {
    const { resource } = only(template, 'AWS::CloudFront::VpcOrigin');
    const [gateway] = Object.keys(template.findResources('AWS::EC2::VPCGatewayAttachment'));
    const routes = template.findResources('AWS::EC2::Route', { DependsOn: [gateway] });
    expect(resource.DependsOn).toEqual(expect.arrayContaining(Object.keys(routes)));
    expect(Object.keys(routes)).not.toEqual([]);
  });

  test.each(['cn-north-1', 'us-gov-west-1'])('%s, where CloudFront reaches no load balancer, is refused', (region) => {
    const database = Database.postgres({ caCertificate: RDS_ROOTS['us-east-1'] });
    expect(() => newCluster({ entrance: Entrance.cloudFront(), database }, { env: { region } })).toThrow(
      `\`entrance\` cannot be CloudFront in ${region}`,
    );
  });

  test('users get HTTPS; everything passes, WebSockets included, and nothing is cached', () => {
    const { DefaultCacheBehavior } = only(template, 'AWS::CloudFront::Distribution').properties.DistributionConfig;
    expect(DefaultCacheBehavior).toMatchObject({
      ViewerProtocolPolicy: 'redirect-to-https',
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      OriginRequestPolicyId: '216adef6-5c7f-47e4-b989-5492eafa07d3',
    });
    expect(DefaultCacheBehavior.AllowedMethods).toHaveLength(7);
    expect(render(stack.resolve(cluster.url))).toMatch(/^https:\/\/<.*\.DomainName>\/$/);
  });
});
