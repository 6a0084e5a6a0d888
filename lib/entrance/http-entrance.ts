import { Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { allowClients } from './allowed-clients';
import type { EntranceBinding, EntranceContext } from './entrance';
import type { HttpEntranceOptions } from './entrance-options';
import { LoadBalancer } from './load-balancer';

/** A load balancer that speaks HTTP. */
export class HttpEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: HttpEntranceOptions & EntranceContext) {
    super(scope, id);
    const front = LoadBalancer.of(this, props);
    const listener = front.listenHttp(
      'Plain HTTP is what this entrance is for; it warns at every synthesis and is open to nobody by default.',
    );
    allowClients(this, front.loadBalancer, props, [80]);

    const isClosed = [props.allowedCidrs, props.allowedPrefixLists].every((clients = []) => clients.length === 0);
    const reach = isClosed
      ? 'It is open to nobody yet: name the addresses that may connect with `Entrance.http({ allowedCidrs: [...] })`. '
      : '';
    Validations.of(this).addWarning(
      'cdk-nocobase:http-entrance',
      `The entrance speaks plain HTTP: passwords travel in clear text. ${reach}Use Entrance.cloudFront() for HTTPS without a domain, or Entrance.domain({ hostedZone, domainName }) with one.`,
    );
    this.binding = {
      url: `http://${front.loadBalancer.loadBalancerDnsName}${props.publicPath}`,
      targetGroup: front.targetGroup,
      loadBalancer: front.loadBalancer,
      listener,
    };
  }
}
