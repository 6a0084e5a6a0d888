import { Stack, Stage, Token, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { identityOf } from './identity';
import { invalidProp, isPending } from './invalid-prop';

/** The places of a part, and what is to be done when one of them is taken. */
export interface ClaimedPlaces {
  readonly prop: string;
  /** By purpose. */
  readonly places: { [purpose: string]: string };
  /** @default - to give each a place of its own */
  readonly remedy?: string;
}

interface Claim {
  readonly scope: IConstruct;
  readonly prop: string;
  readonly purpose: string;
  /** Within which a name can mean one thing. */
  readonly neighbourhood: string;
  readonly network: string;
  readonly place: string;
  /** What the place is called by everybody. */
  readonly identity: string;
}

/** By app. */
const CLAIMED = new WeakMap<IConstruct, Claim[]>();

/**
 * Refuses a place that another part of the cluster, or another cluster of the
 * app, has already: they would overwrite each other's data.
 */
export function claim(scope: IConstruct, vpc: IVpc, { prop, places, remedy }: ClaimedPlaces) {
  const { root } = scope.node;
  const claimed = CLAIMED.get(root) ?? [];
  CLAIMED.set(root, claimed);
  const network = identityOf(vpc, vpc.vpcId);
  let namedAlike: { readonly place: string; readonly other: Claim } | undefined;
  for (const [purpose, place] of Object.entries(places)) {
    const neighbourhood = neighbourhoodOf(scope, network, place);
    if ([place, neighbourhood].some(hasPendingPart)) continue;
    const identity = identityOf(scope, place);
    const others = claimed.filter(
      (other) => other.neighbourhood === neighbourhood && overlap(other.identity, identity) && isInTree(other.scope),
    );
    const earlier = others.find((other) => other.network === network || !isNameOfAZone(place));
    if (earlier) {
      const whose = earlier.scope === scope ? `\`${earlier.prop}\`` : `[${earlier.scope.node.path}]`;
      throw invalidProp(scope, {
        prop,
        problem: `has its ${purpose} in ${readable(place)}, where ${whose} has its ${earlier.purpose} already${earlier.identity === identity ? '' : ` (${readable(earlier.place)})`}`,
        remedy: remedy ?? 'Give each a place of its own: they would overwrite each other’s data',
      });
    }
    if (others.length > 0) namedAlike ??= { place, other: others[0] };
    claimed.push({ scope, prop, purpose, neighbourhood, network, place, identity });
  }
  if (namedAlike) warnOfOneName(scope, prop, namedAlike.place, namedAlike.other);
}

/**
 * Addresses and names that mean something else in another network. Of the names
 * these are the ones without a domain and those under domains that nobody can
 * register. What is a token is one thing wherever it is used.
 */
const PRIVATE = new RegExp(
  [
    String.raw`\b10(\.\d{1,3}){3}\b`,
    String.raw`\b(192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))(\.\d{1,3}){2}\b`,
    String.raw`\.(internal|local|localdomain|lan|home|home\.arpa|intranet|private|corp|test)(?=[:/,\s]|$)`,
    String.raw`(^|\s)[\w-]+:`,
  ].join('|'),
  'i',
);

/** Of the node itself, as a sidecar is. */
const LOOPBACK = /(^|\s)(127(\.\d{1,3}){3}|localhost):/i;

/** Within which a place means one thing; stacks whose account or region is open may go anywhere. */
function neighbourhoodOf(scope: IConstruct, network: string, place: string): string {
  const { account, region } = Stack.of(scope);
  if (LOOPBACK.test(place)) return scope.node.path;
  const isOpen = [account, region].some(Token.isUnresolved);
  const stage = isOpen ? Stage.of(scope)?.node.path : undefined;
  return [account, region, stage, ...(isOpen || PRIVATE.test(place) ? [network] : [])].join(' ');
}

/** A name that a private zone of each network may have. Names that AWS gives are one thing everywhere. */
function isNameOfAZone(place: string): boolean {
  const [name] = /(^|\s)([\w-]+\.)+[a-z][\w-]*(?=:)/i.exec(place) ?? [];
  return name !== undefined && !Token.isUnresolved(place) && !/\.(amazonaws\.com(\.cn)?|on\.aws)$/i.test(name);
}

function warnOfOneName(scope: IConstruct, prop: string, place: string, other: Claim) {
  Validations.of(scope).addWarning(
    `cdk-nocobase:one-name-in-two-networks-${prop}`,
    `\`${prop}\` is in ${place}, a name by which [${other.scope.node.path}] in another VPC has its \`${other.prop}\`. If that is one server they overwrite each other’s data: give each a place of its own there. Acknowledge this where it is another server in each network.`,
  );
}

/** Not taken out again. */
function isInTree({ node }: IConstruct): boolean {
  const { scope, id } = node;
  return scope === undefined || (scope.node.tryFindChild(id)?.node === node && isInTree(scope));
}

/** What a look-up answers before there is an answer is the same for several that are looked up. */
function hasPendingPart(text: string): boolean {
  return text.split(/[\s:,]+/).some(isPending);
}

const FOLDER = /^(.*), path (\/.*)$/;

/** Whether two places are one, or one of two folders is in the other. */
function overlap(one: string, other: string): boolean {
  const [folder, inside] = [one, other].map((place) => FOLDER.exec(place));
  if (folder === null || inside === null) return one === other;
  const [here, there] = [folder, inside].map(([, , path]) => (path.endsWith('/') ? path : `${path}/`));
  return folder[1] === inside[1] && (here.startsWith(there) || there.startsWith(here));
}

function readable(place: string): string {
  return place.replace(/\$\{Token\[([^\]]*?)(\.\d+)?\]\}/g, '<$1>');
}
