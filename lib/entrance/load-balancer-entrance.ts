import { Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { resources } from '../app-resources';
import { checkRequiredConstruct } from '../given';
import { checkPort } from '../host-and-port';
import { invalidProp, isPending } from '../invalid-prop';
import { allowClients } from './allowed-clients';
import { checkCertificateRegion, checkDomainName } from './domain-name';
import type { EntranceBinding, EntranceContext } from './entrance';
import type { LoadBalancerEntranceOptions } from './entrance-options';
import { checkLoadBalancer } from './given-load-balancer';
import { identityInPlace } from './identity-in-place';
import { checkVpc, knownLoadBalancer, warnOfIdleTimeout, waysToNodes } from './known-resources';
import { NodesTargetGroup } from './nodes-target-group';

export interface LoadBalancerEntranceProps extends LoadBalancerEntranceOptions, EntranceContext {
  readonly loadBalancer: elbv2.IApplicationLoadBalancer;
}

/** A listener of its own on somebody else's load balancer. All that is made for it is made here, and not where that is. */
export class LoadBalancerEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: LoadBalancerEntranceProps) {
    super(scope, id);
    const { loadBalancer, certificate, domainName, port = 443 } = props;
    const { region } = Stack.of(this);
    const imported =
      'ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(this, id, { loadBalancerArn, securityGroupId, … })';
    checkRequiredConstruct(this, 'entrance.loadBalancer', loadBalancer, imported);
    checkLoadBalancer(this, loadBalancer);
    checkDomainName(this, domainName);
    checkPort(this, 'entrance.port', port);
    checkCertificateRegion(this, certificate, {
      region,
      by: 'the load balancer',
      orInIam: true,
      remedy: `Import or request the certificate in ${region}`,
    });
    checkVpc(scope, 'entrance.loadBalancer', props.vpc, loadBalancer.vpc);

    const targetGroup = new NodesTargetGroup(this, 'Nodes', props);
    targetGroup.renewWith(loadBalancer, loadBalancer.loadBalancerArn);
    const listener = new elbv2.ApplicationListener(this, 'Https', {
      loadBalancer,
      port,
      protocol: elbv2.ApplicationProtocol.HTTPS,
      certificates: [certificate],
      sslPolicy: elbv2.SslPolicy.RECOMMENDED_TLS,
      open: false,
      defaultTargetGroups: [targetGroup],
    });
    // Nodes wait for the listener, and so for the way from the load balancer to them.
    listener.node.addDependency(...waysToNodes(this, loadBalancer));
    allowClients(this, this.openable(loadBalancer), props, [port]);

    this.node.addValidation({
      validate: () => {
        warnOfIdleTimeout(this, knownLoadBalancer(loadBalancer.loadBalancerArn));
        return this.checkPortIsFree(listener.node.defaultChild as elbv2.CfnListener);
      },
    });
    this.binding = {
      url: `https://${domainName}${port === 443 || Token.isUnresolved(port) ? '' : `:${port}`}${props.publicPath}`,
      targetGroup,
      listener,
    };
  }

  /**
   * The security groups of the load balancer, whose rules for this listener are
   * written here: they come and go with it, and may name what is made here.
   */
  private openable({ connections }: elbv2.IApplicationLoadBalancer): ec2.IConnectable {
    const securityGroups = connections.securityGroups.map((group, index) =>
      ec2.SecurityGroup.fromSecurityGroupId(this, `SecurityGroup${index + 1}`, group.securityGroupId),
    );
    return { connections: new ec2.Connections({ securityGroups }) };
  }

  private checkPortIsFree(listener: elbv2.CfnListener): string[] {
    const { loadBalancerArn, port } = listener;
    if (Token.isUnresolved(port) || isPending(loadBalancerArn)) {
      return [];
    }
    const place = identityInPlace(listener, loadBalancerArn);
    const other = resources(this, elbv2.CfnListener.isCfnListener).find(
      (each) => each !== listener && each.port === port && identityInPlace(each, each.loadBalancerArn) === place,
    );
    if (other === undefined) {
      return [];
    }
    return [
      invalidProp(this, {
        prop: 'entrance.port',
        problem: `${port} belongs to another listener of the load balancer already: ${other.node.path}`,
        remedy: 'Give another, or that listener: Entrance.listener(listener, { priority, domainName })',
      }).message,
    ];
  }
}
