import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { Entrance, type EntranceBinding, type EntranceContext, type ListenerEntranceOptions } from '../../lib';
import { render } from '../cluster-fixture';

export const INGRESS = 'AWS::EC2::SecurityGroupIngress';
export const EGRESS = 'AWS::EC2::SecurityGroupEgress';
export const LISTENER = 'AWS::ElasticLoadBalancingV2::Listener';
export const RULE = 'AWS::ElasticLoadBalancingV2::ListenerRule';
export const TARGET_GROUP = 'AWS::ElasticLoadBalancingV2::TargetGroup';

export const LOAD_BALANCER = 'AWS::ElasticLoadBalancingV2::LoadBalancer';
export const DISTRIBUTION = 'AWS::CloudFront::Distribution';

export const LISTENER_ARN = 'arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/portal/1/2';

/** A network and a load balancer as another team would have them. */
export class Platform extends Stack {
  public readonly vpc: ec2.Vpc;
  public readonly alb: elbv2.ApplicationLoadBalancer;

  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, props);
    this.vpc = new ec2.Vpc(this, 'Vpc');
    this.alb = new elbv2.ApplicationLoadBalancer(this, 'Alb', { vpc: this.vpc });
  }

  public listen(port = 443, protocol = elbv2.ApplicationProtocol.HTTPS): elbv2.ApplicationListener {
    const certificates = protocol === elbv2.ApplicationProtocol.HTTPS ? [certificate(this, `Certificate${port}`)] : [];
    const defaultAction = elbv2.ListenerAction.fixedResponse(404);
    return this.alb.addListener(`Port${port}`, { port, protocol, certificates, defaultAction });
  }
}

export const newPlatform = (props?: StackProps) => new Platform(new App(), 'Platform', props);

export function certificate(scope: Construct, id = 'Certificate', region = 'eu-central-1'): acm.ICertificate {
  return acm.Certificate.fromCertificateArn(scope, id, `arn:aws:acm:${region}:111122223333:certificate/1`);
}

export interface Bound {
  readonly stack: Stack;
  readonly service: ecs.FargateService;
  readonly binding: EntranceBinding;
}

export interface BindOptions extends Partial<EntranceContext> {
  readonly vpc: ec2.IVpc;
  readonly stackProps?: StackProps;
  /** Of the stack, where there are several. */
  readonly id?: string;
}

/** Nodes of which nothing is made. */
export const NO_NODES: elbv2.IApplicationLoadBalancerTarget = {
  attachToApplicationTargetGroup: () => ({ targetType: elbv2.TargetType.IP }),
};

/** Binds an entrance to nodes in a stack of their own, in the app of the network. */
export function bind(entrance: Entrance | ((stack: Stack) => Entrance), options: BindOptions): Bound {
  const { vpc, stackProps, publicPath = '/', subnets, id = 'Nodes' } = options;
  const stack = new Stack(App.of(vpc) as App, id, stackProps);
  const scope = new Construct(stack, 'NocoBase');
  const taskDefinition = new ecs.FargateTaskDefinition(scope, 'TaskDefinition');
  taskDefinition.addContainer('NocoBase', {
    image: ecs.ContainerImage.fromRegistry('nocobase'),
    portMappings: [{ containerPort: 13000 }],
  });
  const service = new ecs.FargateService(scope, 'Service', {
    cluster: new ecs.Cluster(scope, 'Ecs', { vpc }),
    taskDefinition,
    minHealthyPercent: 100,
  });
  const strategy = typeof entrance === 'function' ? entrance(stack) : entrance;
  return { stack, service, binding: strategy.bind(scope, { vpc, publicPath, subnets, target: service }) };
}

/** The same, synthesized. */
export function synthesizeEntrance(entrance: Entrance | ((stack: Stack) => Entrance), options: BindOptions) {
  const bound = bind(entrance, options);
  return { ...bound, template: Template.fromStack(bound.stack) };
}

/** The ranges that security groups let in themselves, each with its port. */
export function openTo(template: Template): string[] {
  return Object.values(template.findResources('AWS::EC2::SecurityGroup'))
    .flatMap((group) => group.Properties.SecurityGroupIngress ?? [])
    .map((rule: any) => `${typeof rule.CidrIp === 'string' ? rule.CidrIp : render(rule.CidrIp)}:${rule.FromPort}`);
}

export const zone = (scope = new Stack()) =>
  route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', { hostedZoneId: 'Z0123456789', zoneName: 'example.com' });

export const domain = (domainName: string) => {
  const hostedZone = zone();
  return Entrance.domain({ domainName, hostedZone });
};

/** What stands in the way of a synthesis. */
export function complaints(stack: Stack): string[] {
  return stack.node.findAll().flatMap((construct) => construct.node.validate());
}

/** All that a resource waits for, also by way of others. */
export function waitsFor(template: Template, type: string): string[] {
  const resources: { [id: string]: any } = template.toJSON().Resources;
  const seen = new Set<string>();
  const visit = (id: string) => {
    for (const next of [resources[id]?.DependsOn ?? [], ...references(resources[id]?.Properties)].flat()) {
      if (resources[next] && !seen.has(next)) {
        seen.add(next);
        visit(next);
      }
    }
  };
  for (const id of Object.keys(template.findResources(type))) {
    visit(id);
  }
  return [...seen];
}

function references(value: any): string[] {
  if (value === null || typeof value !== 'object') {
    return [];
  }
  if (typeof value.Ref === 'string') {
    return [value.Ref];
  }
  if (value['Fn::GetAtt']) {
    return [value['Fn::GetAtt'][0]];
  }
  return Object.values(value).flatMap(references);
}

/** A listener that is there. */
export const behind = (listener: elbv2.IApplicationListener, options: Partial<ListenerEntranceOptions> = {}) =>
  Entrance.listener(listener, { domainName: 'nocobase.example.com', priority: 10, ...options });

/** One of another app. */
export const importedListener = (scope: Stack, listenerArn = LISTENER_ARN, allowAllOutbound = true) =>
  elbv2.ApplicationListener.fromApplicationListenerAttributes(scope, 'Listener', {
    listenerArn,
    securityGroup: ec2.SecurityGroup.fromSecurityGroupId(scope, 'Group', 'sg-12345678', { allowAllOutbound }),
  });
