import { App, Aws, Stack, Token } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Entrance } from '../../lib';
import { bind, certificate, LISTENER, newPlatform, type Platform, synthesizeEntrance } from './entrance-fixture';

const domainName = 'nocobase.example.com';
const { hostHeaders, httpHeader } = elbv2.ListenerCondition;

/** Two clusters in one app. */
function pair(platform: Platform, entrances: Entrance[], publicPaths = ['/', '/']) {
  return entrances.map((entrance, index) =>
    bind(entrance, { vpc: platform.vpc, publicPath: publicPaths[index], id: ['One', 'Two'][index] }),
  );
}

describe('a domain name', () => {
  const named = (name: string) => () =>
    bind(Entrance.certificate(certificate(new Stack()), { domainName: name }), newPlatform());

  test.each(['nocobase.example.com', 'nb.xn--fiqs8s', 'nb.example.xn--p1ai', 'a1.b-c.de'])('may be %s', (name) => {
    expect(named(name)).not.toThrow();
  });

  test.each(['nocobase', '203.0.113.7', 'nb.example.c', 'nb.example.com-', 'Nb.example.com', 'nb.example.com.'])(
    'may not be %s',
    (name) => {
      expect(named(name)).toThrow(`\`entrance.domainName\` '${name}' is not a domain name.`);
    },
  );
});

describe('a certificate that is made in the app', () => {
  const made = (app: App, region: string, id = region) =>
    new acm.Certificate(new Stack(app, id, { env: { region }, crossRegionReferences: true }), 'Certificate', {
      domainName,
    });
  const stackProps = { env: { region: 'eu-central-1' }, crossRegionReferences: true };

  test('has to be where the load balancer is', () => {
    const platform = newPlatform(stackProps);
    const there = made(App.of(platform) as App, 'us-east-1');
    expect(() => bind(Entrance.certificate(there, { domainName }), { vpc: platform.vpc, stackProps })).toThrow(
      '`entrance.certificate` is in us-east-1, and the load balancer that has to present it in eu-central-1.',
    );
    const here = made(App.of(platform) as App, 'eu-central-1');
    expect(() =>
      bind(Entrance.certificate(here, { domainName }), { vpc: platform.vpc, stackProps, id: 'Here' }),
    ).not.toThrow();
  });

  test('has to be where CloudFront looks for it, however it was handed over', () => {
    const platform = newPlatform(stackProps);
    const { certificateArn } = made(App.of(platform) as App, 'eu-central-1');
    const imported = acm.Certificate.fromCertificateArn(platform, 'Imported', certificateArn);
    expect(() =>
      bind(Entrance.cloudFront({ domainName, certificate: imported }), { vpc: platform.vpc, stackProps }),
    ).toThrow('`entrance.certificate` is in eu-central-1, and CloudFront that has to present it in us-east-1.');
    const there = made(App.of(platform) as App, 'us-east-1');
    expect(() =>
      bind(Entrance.cloudFront({ domainName, certificate: there }), { vpc: platform.vpc, stackProps, id: 'There' }),
    ).not.toThrow();
  });
});

describe('a certificate that is imported', () => {
  const presents = (arn: string) => () =>
    bind(Entrance.certificate(acm.Certificate.fromCertificateArn(new Stack(), 'Certificate', arn), { domainName }), {
      ...newPlatform(),
      stackProps: { env: { region: 'eu-central-1' } },
    });

  test('is looked at also where its account is a token', () => {
    expect(presents(`arn:aws:acm:us-east-1:${Aws.ACCOUNT_ID}:certificate/1`)).toThrow(
      '`entrance.certificate` is in us-east-1',
    );
    expect(presents(`arn:${Aws.PARTITION}:acm:${Aws.REGION}:${Aws.ACCOUNT_ID}:certificate/1`)).not.toThrow();
    expect(presents(Token.asString({ Ref: 'Certificate' }))).not.toThrow();
  });

  test('has an ARN', () => {
    expect(presents('my-certificate')).toThrow(
      "`entrance.certificate` 'my-certificate' is not the ARN of a certificate in ACM or IAM.",
    );
  });

  describe('into IAM', () => {
    const inIam = (arn = 'arn:aws:iam::111122223333:server-certificate/portal/nocobase') =>
      acm.Certificate.fromCertificateArn(new Stack(), 'Certificate', arn);

    test('is presented by load balancers, in every region', () => {
      const stackProps = { env: { region: 'eu-central-1' } };
      const { vpc, alb } = newPlatform(stackProps);
      const { template } = synthesizeEntrance(Entrance.certificate(inIam(), { domainName }), { vpc, stackProps });
      template.hasResourceProperties(LISTENER, { Certificates: [{ CertificateArn: inIam().certificateArn }] });
      const given = Entrance.loadBalancer(alb, { domainName, certificate: inIam() });
      expect(() => bind(given, { vpc, stackProps, id: 'Given' })).not.toThrow();
    });

    test('is not presented by CloudFront, which the CDK names only those of ACM', () => {
      for (const account of ['111122223333', Aws.ACCOUNT_ID]) {
        const certificate = inIam(`arn:aws:iam::${account}:server-certificate/nocobase`);
        expect(() => bind(Entrance.cloudFront({ domainName, certificate }), newPlatform())).toThrow(
          "server-certificate/nocobase' is not the ARN of a certificate in ACM. Pass an acm.Certificate, or import one",
        );
      }
    });
  });
});

describe('one name leads to one cluster', () => {
  const behind = (listener: elbv2.IApplicationListener, priority: number, ...conditions: elbv2.ListenerCondition[]) =>
    Entrance.listener(listener, { domainName, priority, conditions });

  test('on a listener', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    expect(() => pair(platform, [behind(listener, 1), behind(listener, 2)])).toThrow(
      `cdk-nocobase [Two/NocoBase/Entrance]: \`entrance.domainName\` '${domainName}' leads to [One/NocoBase/Entrance] already, by a rule of the same listener. Give each cluster a name or a \`publicPath\` of its own, and the longer path the lower \`priority\``,
    );
  });

  test('on a listener by conditions that are given', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    const conditions = () => [hostHeaders([domainName]), httpHeader('X-Colour', ['blue'])];
    expect(() =>
      pair(platform, [behind(listener, 1, ...conditions()), behind(listener, 2, ...conditions().reverse())]),
    ).toThrow('`entrance.conditions` lead to [One/NocoBase/Entrance] already');
  });

  test('and another path, header or listener to another', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    expect(() => pair(platform, [behind(listener, 2), behind(listener, 1)], ['/', '/nocobase/'])).not.toThrow();
    const third = newPlatform();
    const shared = third.listen();
    const colours = ['blue', 'green'].map((colour, index) =>
      behind(shared, index + 1, hostHeaders([domainName]), httpHeader('X-Colour', [colour])),
    );
    const other = newPlatform();
    const listeners = [443, 8443].map((port) => behind(other.listen(port), 1));
    expect(() => pair(other, listeners)).not.toThrow();
    expect(() => pair(third, colours)).not.toThrow();
  });

  test('and a pseudo parameter in the name makes another of it in another stack', () => {
    const platform = newPlatform();
    const listener = platform.listen();
    const named = (priority: number) =>
      Entrance.listener(listener, { domainName: `${Aws.STACK_NAME}.example.com`, priority });
    expect(() => pair(platform, [named(1), named(2)])).not.toThrow();
  });

  test('in a hosted zone, however it was imported', () => {
    const platform = newPlatform();
    const zone = (id: string, hostedZoneId = 'Z0123456789') =>
      route53.HostedZone.fromHostedZoneAttributes(platform, id, { hostedZoneId, zoneName: 'example.com' });
    const named = (hostedZone: route53.IHostedZone) => Entrance.domain({ domainName, hostedZone });
    expect(() => pair(platform, [named(zone('A')), named(zone('B'))])).toThrow(
      `\`entrance.domainName\` '${domainName}' leads to [One/NocoBase/Entrance] already, by a record of the same hosted zone.`,
    );
    const other = newPlatform();
    expect(() => pair(other, [named(zone('C')), named(zone('D', 'Z9876543210'))])).not.toThrow();
  });

  test('at CloudFront', () => {
    const platform = newPlatform();
    const ofCloudFront = certificate(platform, 'Certificate', 'us-east-1');
    const named = () => Entrance.cloudFront({ domainName, certificate: ofCloudFront });
    expect(() => pair(platform, [named(), named()])).toThrow(
      `'${domainName}' leads to [One/NocoBase/Entrance] already, and CloudFront takes a name once.`,
    );
  });
});

describe('what is missing is said', () => {
  const listener = () => newPlatform().listen();
  const { NOT_SET } = {} as { NOT_SET: never };

  test.each<[string, () => Entrance]>([
    ['entrance.domainName', () => Entrance.domain({ domainName: NOT_SET, hostedZone: NOT_SET })],
    ['entrance.hostedZone', () => Entrance.domain({ domainName, hostedZone: NOT_SET })],
    ['entrance.certificate', () => Entrance.certificate(NOT_SET, { domainName })],
    ['entrance.domainName', () => Entrance.certificate(certificate(new Stack()), { domainName: NOT_SET })],
    ['entrance.listener', () => Entrance.listener(NOT_SET, { domainName, priority: 1 })],
    ['entrance.priority', () => Entrance.listener(listener(), { domainName, priority: NOT_SET })],
    ['entrance.domainName', () => Entrance.listener(listener(), { domainName: NOT_SET, priority: 1 })],
    ['entrance.loadBalancer', () => Entrance.loadBalancer(NOT_SET, { domainName, certificate: NOT_SET })],
    ['entrance.certificate', () => Entrance.loadBalancer(newPlatform().alb, { domainName, certificate: NOT_SET })],
  ])('%s', (prop, entrance) => {
    expect(() => bind(entrance(), newPlatform())).toThrow(`\`${prop}\` is missing, and there is no default for it.`);
  });

  test('in a list', () => {
    expect(() => bind(Entrance.http({ allowedCidrs: [NOT_SET] }), newPlatform())).toThrow(
      "`entrance.allowedCidrs` has 'undefined', which is not an IPv4 range.",
    );
  });
});
