import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import type { Network } from './network';

/** Whether nodes can reach what is neither in the VPC nor behind its endpoints, as far as can be seen. */
export type WayOut = 'there' | 'none' | 'unknown';

/** Something that nodes reach by a way out only. */
export interface WayOutNeed {
  /** The prop by which it came. */
  readonly prop: string;
  /** What is at the other end: `Docker Hub`. */
  readonly what: string;
  /** A sentence that says how to do without. */
  readonly remedy: string;
  /** Whether it can be done in advance from elsewhere. */
  readonly once?: boolean;
}

/** Refuses what nodes without a way out cannot reach, and warns where it is not known whether they have one. */
export function checkWayOut(scope: IConstruct, network: Network, needs: readonly WayOutNeed[]) {
  if (network.wayOut === 'there') return;
  const impossible = network.wayOut === 'none' ? needs.find(({ once }) => !once) : undefined;
  if (impossible) {
    throw invalidProp(scope, {
      prop: impossible.prop,
      problem: `needs a way out to ${impossible.what}, and with \`natGateways\` 0 nodes have none`,
      remedy: `${impossible.remedy}. Or leave \`natGateways\` out`,
    });
  }
  const inAdvance = needs.filter(({ once }) => once);
  if (inAdvance.length > 0) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:first-pull',
      `${list(inAdvance)}, for the first time only, and nodes ${network.wayOut === 'none' ? 'have none' : 'may have none'}. ${remedies(inAdvance)} Acknowledge this when that is part of your deployment.`,
    );
  }
  const always = needs.filter(({ once }) => !once);
  if (always.length > 0) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:way-out',
      `${list(always)}, and nodes are in subnets of which none is known. Acknowledge this when they have one, such as a transit gateway. ${remedies(always)}`,
    );
  }
}

function list(needs: readonly WayOutNeed[]): string {
  return needs.map(({ prop, what }) => `\`${prop}\` needs a way out to ${what}`).join(', ');
}

function remedies(needs: readonly WayOutNeed[]): string {
  return needs.map(({ remedy }) => `${remedy}.`).join(' ');
}
