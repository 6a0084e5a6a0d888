import { App, Fn, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { Database, Entrance } from '../../lib';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { environment, newCluster, only, render, synthesize } from '../cluster-fixture';
import {
  bind,
  certificate,
  complaints,
  DISTRIBUTION,
  domain,
  LISTENER,
  LOAD_BALANCER,
  NO_NODES,
  newPlatform,
  openTo,
  synthesizeEntrance,
} from './entrance-fixture';

describe('Entrance.cloudFront', () => {
  const { template, cluster, stack } = synthesize({ entrance: Entrance.cloudFront() });

  test('the load balancer is internal and reached by CloudFront only, whose addresses are looked up at the deployment', () => {
    expect(only(template, LOAD_BALANCER).properties.Scheme).toBe('internal');
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

  describe('in a VPC of the app that has no public subnets', () => {
    function network({ attached = false } = {}) {
      const network = new Stack(new App(), 'Network');
      const subnetConfiguration = [{ name: 'Nodes', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }];
      const vpc = new ec2.Vpc(network, 'Vpc', { subnetConfiguration });
      const attach = () => {
        const internetGatewayId = new ec2.CfnInternetGateway(network, 'Gateway').ref;
        return new ec2.CfnVPCGatewayAttachment(network, 'Attachment', { vpcId: vpc.vpcId, internetGatewayId });
      };
      return { network, vpc, attachment: attached ? attach() : undefined };
    }

    test('is refused without an internet gateway', () => {
      const { stack } = bind(Entrance.cloudFront(), network());
      expect(complaints(stack)).toEqual([
        expect.stringMatching(
          /`entrance` cannot be CloudFront in Network\/Vpc, which has no internet gateway.*Attach one, which needs no routes/,
        ),
      ]);
    });

    test('comes after one that is attached by hand', () => {
      const { vpc, network: stack, attachment } = network({ attached: true });
      Entrance.cloudFront().bind(new Construct(stack, 'NocoBase'), { vpc, publicPath: '/', target: NO_NODES });
      expect(complaints(stack)).toEqual([]);
      const { resource } = only(Template.fromStack(stack), 'AWS::CloudFront::VpcOrigin');
      expect(resource.DependsOn).toContain(stack.getLogicalId(attachment!));
    });
  });

  test('of an imported VPC the internet gateway is not known', () => {
    const vpc = ec2.Vpc.fromVpcAttributes(new Stack(new App(), 'Network'), 'Vpc', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['eu-central-1a', 'eu-central-1b'],
      isolatedSubnetIds: ['subnet-a', 'subnet-b'],
    });
    expect(complaints(bind(Entrance.cloudFront(), { vpc }).stack)).toEqual([]);
  });

  describe('in a VPC that is imported comes after an internet gateway that the app attaches to it', () => {
    const env = { account: '111122223333', region: 'eu-central-1' };
    const elsewhere = { ...env, account: '444455556666' };
    const attach = (scope: Construct, vpcId: string, env = elsewhere) =>
      new ec2.CfnVPCGatewayAttachment(new Stack(scope, 'Gateway', { env }), 'Attachment', {
        vpcId,
        internetGatewayId: 'igw-0123456789abcdef0',
      });
    const importedBy = (vpcId: string) => (scope: Stack) =>
      ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
        vpcId,
        availabilityZones: ['eu-central-1a', 'eu-central-1b'],
        isolatedSubnetIds: ['subnet-a', 'subnet-b'],
      });
    const waitsFor = (app: App, vpcOf: (scope: Stack) => ec2.IVpc) => {
      const vpc = vpcOf(new Stack(app, 'Network', { env }));
      const { stack } = bind(Entrance.cloudFront(), { vpc, stackProps: { env } });
      app.synth();
      return stack.dependencies.map(({ node }) => node.path);
    };

    test('by its id, also where it belongs to another account, which shares it', () => {
      const app = new App();
      attach(app, 'vpc-0123456789abcdef0');
      expect(waitsFor(app, importedBy('vpc-0123456789abcdef0'))).toEqual(['Gateway']);
    });

    test('but not in another stage, on which nothing may depend', () => {
      const app = new App();
      attach(new Stage(app, 'Platform'), 'vpc-0123456789abcdef0', env);
      expect(waitsFor(app, importedBy('vpc-0123456789abcdef0'))).toEqual([]);
    });

    test('but not where the same import means another VPC', () => {
      const app = new App();
      const vpcId = Fn.importValue('Vpc');
      attach(app, vpcId);
      expect(waitsFor(app, importedBy(vpcId))).toEqual([]);
    });

    test('but not before a look-up tells one VPC from another', () => {
      const app = new App();
      const lookedUp = (scope: Stack, vpcName: string) => ec2.Vpc.fromLookup(scope, 'Vpc', { vpcName });
      attach(app, lookedUp(new Stack(app, 'Theirs', { env }), 'theirs').vpcId);
      expect(waitsFor(app, (scope) => lookedUp(scope, 'ours'))).toEqual([]);
    });
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

  describe('with a name of its own', () => {
    const domainName = 'nocobase.example.com';
    const ofCloudFront = certificate(new Stack(), 'Certificate', 'us-east-1');

    test('has that and its certificate, and TLS 1.2 and up', () => {
      const entrance = Entrance.cloudFront({ domainName, certificate: ofCloudFront });
      const { template, binding } = synthesizeEntrance(entrance, { ...newPlatform(), publicPath: '/nocobase/' });
      expect(only(template, DISTRIBUTION).properties.DistributionConfig).toMatchObject({
        Aliases: [domainName],
        ViewerCertificate: {
          AcmCertificateArn: ofCloudFront.certificateArn,
          MinimumProtocolVersion: 'TLSv1.2_2021',
          SslSupportMethod: 'sni-only',
        },
      });
      expect(binding.url).toBe('https://nocobase.example.com/nocobase/');
      template.resourceCountIs('AWS::Route53::RecordSet', 0);
    });

    test.each([
      [{ domainName }, '`entrance.certificate` is missing, and `domainName` is given. Give both'],
      [{ certificate: ofCloudFront }, '`entrance.domainName` is missing, and `certificate` is given. Give both'],
      [
        { domainName: 'https://x', certificate: ofCloudFront },
        "`entrance.domainName` 'https://x' is not a domain name.",
      ],
      [
        { domainName, certificate: certificate(new Stack()) },
        '`entrance.certificate` is in eu-central-1, and CloudFront that has to present it in us-east-1.',
      ],
    ])('%# is refused', (options, message) => {
      expect(() => bind(Entrance.cloudFront(options), newPlatform())).toThrow(message);
    });
  });
});
