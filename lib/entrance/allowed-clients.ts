import { isIPv4 } from 'node:net';
import { Token, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { invalidProp, isKnown } from '../invalid-prop';
import { closedWhilePending } from './pending-look-up';

/** Who may connect. */
export interface AllowedClients {
  readonly allowedCidrs?: string[];
  readonly allowedPrefixLists?: string[];
}

/** Lets clients in on the given ports. */
export function allowClients(
  scope: Construct,
  { connections }: ec2.IConnectable,
  { allowedCidrs = [], allowedPrefixLists = [] }: AllowedClients,
  ports: number[],
) {
  checkList(scope, 'entrance.allowedCidrs', allowedCidrs, '203.0.113.7/32');
  checkList(scope, 'entrance.allowedPrefixLists', allowedPrefixLists, 'pl-0123456789abcdef0');
  const peers = [
    ...allowedCidrs.map((cidr) => ec2.Peer.ipv4(closedWhilePending(checkedCidr(scope, cidr)))),
    ...allowedPrefixLists.map((id) => ec2.Peer.prefixList(checkedPrefixList(scope, id))),
  ];
  for (const peer of peers) {
    for (const port of ports) {
      connections.allowFrom(peer, ec2.Port.tcp(port), 'Users');
    }
  }
  if (allowedCidrs.includes('0.0.0.0/0')) {
    for (const group of connections.securityGroups) {
      Validations.of(group).acknowledge({
        id: 'AwsSolutions-EC23',
        reason: 'The entrance of the application is meant to be open to everybody; `allowedCidrs` narrows it.',
      });
    }
  }
}

function checkList(scope: Construct, prop: string, list: string[], example: string) {
  if (!Array.isArray(list)) {
    throw invalidProp(scope, { prop, problem: 'is not a list', remedy: `Write one, also for one: ['${example}']` });
  }
  // One that is known at the deployment only looks like a list with one element.
  if (Token.isUnresolved(list)) {
    throw invalidProp(scope, {
      prop,
      problem: 'is a list whose length is not known before the deployment, and each element needs a rule of its own',
      remedy: 'Give the elements one by one, e.g. Fn.select(0, list)',
    });
  }
}

function checkedCidr(scope: Construct, cidr: string): string {
  if (!isRightOrOpen(cidr, isIpv4Range)) {
    throw invalidProp(scope, {
      prop: 'entrance.allowedCidrs',
      problem: `has '${cidr}', which is not an IPv4 range`,
      remedy: "Write address and prefix length, e.g. '203.0.113.7/32' for one address or '0.0.0.0/0' for everybody",
    });
  }
  return cidr;
}

function checkedPrefixList(scope: Construct, id: string): string {
  if (!isRightOrOpen(id, (text) => /^pl-[0-9a-f]{8,17}$/.test(text))) {
    throw invalidProp(scope, {
      prop: 'entrance.allowedPrefixLists',
      problem: `has '${id}', which is not the id of a managed prefix list`,
      remedy: "Write e.g. 'pl-0123456789abcdef0', or `prefixListId` of an ec2.PrefixList",
    });
  }
  return id;
}

function isRightOrOpen(value: string, isRight: (value: string) => boolean): boolean {
  return typeof value === 'string' && (!isKnown(value) || isRight(value));
}

function isIpv4Range(cidr: string): boolean {
  const [address, prefix, ...rest] = cidr.split('/');
  return isIPv4(address) && /^\d{1,2}$/.test(prefix ?? '') && Number(prefix) <= 32 && rest.length === 0;
}
