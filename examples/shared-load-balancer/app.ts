// One load balancer, one name and one certificate for all applications of a company: NocoBase is what lies under
// https://apps.example.com/nocobase/, by a rule of a listener that other applications have rules of, too.
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ClusterPlugins, Entrance, NocoBaseCluster } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

/** What was there before: a network with a load balancer. */
class Apps extends Stack {
  readonly vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2 });
  readonly listener: elbv2.ApplicationListener;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const loadBalancer = new elbv2.ApplicationLoadBalancer(this, 'Alb', {
      vpc: this.vpc,
      internetFacing: true,
      dropInvalidHeaderFields: true,
      // NocoBase's WebSockets say something every 300 s.
      idleTimeout: Duration.seconds(360),
    });
    this.listener = loadBalancer.addListener('Https', {
      port: 443,
      certificates: [
        Certificate.fromCertificateArn(
          this,
          'Certificate',
          `arn:aws:acm:${this.region}:${this.account}:certificate/12345678-1234-1234-1234-123456789012`,
        ),
      ],
      sslPolicy: elbv2.SslPolicy.RECOMMENDED_TLS,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
  }
}

export function build(app: App): Stack[] {
  const apps = new Apps(app, 'Apps');
  const stack = new Stack(app, 'UnderAPath');
  new NocoBaseCluster(stack, 'NocoBase', {
    vpc: apps.vpc,
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    publicPath: '/nocobase/',
    entrance: Entrance.listener(apps.listener, { domainName: 'apps.example.com', priority: 20 }),
  });
  return [apps, stack];
}

build(new App());
