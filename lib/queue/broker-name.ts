import { createHash } from 'node:crypto';
import { Fn, Names, Stack, Token, Tokenization } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { referredResource } from '../app-resources';
import { identityOf } from '../identity';
import { Network } from '../network/network';

/** What replaces a broker when it changes. */
interface BrokerPlace {
  readonly isSingle: boolean;
  readonly vpc: ec2.IVpc;
  readonly subnetIds: string[];
  readonly encryptionKey?: kms.IKey;
}

/** By Amazon MQ. */
const LONGEST_NAME = 50;
/** A hyphen, and the id of a subnet without its prefix. */
const LONGEST_SUBNET = 18;

/**
 * Part of the name is what replaces the broker: the new one stands beside the
 * old one for a while. In the network that a cluster makes there is one place
 * for it only, which needs no mention.
 */
export function brokerName(broker: Construct, { isSingle, vpc, subnetIds, encryptionKey }: BrokerPlace): string {
  const suffix = [
    ...(encryptionKey ? [`-${shortHash(identityOfKey(broker, encryptionKey))}`] : []),
    ...(isSingle ? [] : ['-cluster']),
  ].join('');
  const room = LONGEST_NAME - suffix.length;
  if (isInNetworkOfItsCluster(broker, vpc)) return uniqueName(broker, room) + suffix;
  return `${uniqueName(broker, room - LONGEST_SUBNET)}-${bareId(subnetIds)}${suffix}`;
}

function uniqueName(broker: Construct, maxLength: number): string {
  return Names.uniqueResourceName(broker, { maxLength, separator: '-' });
}

function isInNetworkOfItsCluster({ node }: Construct, { node: { scope: network } }: ec2.IVpc): boolean {
  return network instanceof Network && node.scopes.includes(network.node.scope!);
}

/** Of the first id, as it is when it is deployed: of a subnet that is written in another way it is the same. */
function bareId(subnetIds: string[]): string {
  const isList = Tokenization.reverseList(subnetIds) !== undefined;
  // While a VPC is looked up it may have none.
  const [first = 'subnet-'] = isList ? [Fn.select(0, subnetIds)] : subnetIds;
  return Fn.select(1, Fn.split('-', first));
}

/** A key of this app by its construct: its token is another one each time. */
function identityOfKey(broker: Construct, { keyArn }: kms.IKey): unknown {
  const made = referredResource(keyArn);
  if (made !== undefined) return made.node.path;
  const identity = identityOf(broker, keyArn);
  return Token.isUnresolved(identity) ? Stack.of(broker).resolve(identity) : identity;
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 8);
}
