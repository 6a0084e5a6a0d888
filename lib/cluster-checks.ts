import type { Duration } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { CpuArchitecture, type ICluster } from 'aws-cdk-lib/aws-ecs';
import { CfnLogGroup, type ILogGroup, LogGroupClass } from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';
import { pathOf, referredResource } from './app-resources';
import { checkEcsCluster, checkInstances } from './ecs-cluster-checks';
import { checkConstruct, IMPORTED_VPC } from './given';
import { checkUnit, invalidProp, isKnown, typeOf, whole } from './invalid-prop';
import { compareVpcs } from './network/same-vpc';
import type { NocoBaseClusterProps } from './nocobase-cluster-props';
import type { NodeCapacity } from './node/node-capacity';
import { checkHere, checkKey } from './same-region';

/** NocoBase's own default; also of the app's configuration. */
export const DEFAULT_ROOT_EMAIL = 'admin@nocobase.com';

/** Props that are strategies, and how one is made. */
const STRATEGIES = {
  plugins:
    'ClusterPlugins.pending() to begin with: one node, whose instance ID the licence is issued for; then ClusterPlugins.licensed(secret)',
  image: "NocoBaseImage.version('2.2.15')",
  keys: 'ApplicationKeys.generated()',
  database: 'Database.postgres({ … })',
  redis: 'Redis.valkey({ … })',
  queue: 'MessageQueue.rabbitMq({ … })',
  storage: 'SharedStorage.efs({ … })',
  entrance: 'Entrance.cloudFront()',
};

/** Props that are constructs, and how one is imported. */
const CONSTRUCTS = {
  vpc: IMPORTED_VPC,
  ecsCluster: "Cluster.fromClusterAttributes(this, 'Ecs', { clusterName, vpc })",
  encryptionKey: "Key.fromKeyArn(this, 'Key', keyArn)",
  logGroup: "LogGroup.fromLogGroupName(this, 'Logs', logGroupName)",
};

/** The compiler asks for strategies and constructs in TypeScript; not every language has one. */
export function checkStrategies(scope: IConstruct, props: NocoBaseClusterProps) {
  for (const [prop, imported] of Object.entries(CONSTRUCTS)) {
    const given = props[prop as keyof NocoBaseClusterProps];
    if (given !== undefined) checkConstruct(scope, prop, given, imported);
  }
  for (const [prop, wanted] of Object.entries(STRATEGIES)) {
    const given = props[prop as keyof NocoBaseClusterProps];
    if (given === undefined && prop !== 'plugins') {
      continue;
    }
    if (typeof given !== 'object' || typeof (given as { bind?: unknown } | null)?.bind !== 'function') {
      throw invalidProp(scope, {
        prop,
        problem: `must be made by one of the factories, got: ${typeOf(given)}`,
        remedy: `Write ${prop}: ${wanted}`,
      });
    }
  }
}

/** The network that the props agree on, and what it came by. */
export function checkedVpc(
  scope: IConstruct,
  { vpc, ecsCluster }: NocoBaseClusterProps,
): { readonly vpc?: IVpc; readonly vpcProp: string } {
  const theirs = ecsCluster && vpcOf(scope, ecsCluster);
  if (vpc && theirs && compareVpcs(vpc, theirs) === 'different') {
    throw invalidProp(scope, {
      prop: 'vpc',
      problem: `${vpc.node.path} is not the network of \`ecsCluster\`, which is ${theirs.node.path}`,
      remedy: 'Leave `vpc` out: it is that of the ECS cluster then',
    });
  }
  return vpc ? { vpc, vpcProp: 'vpc' } : { vpc: theirs, vpcProp: 'ecsCluster.vpc' };
}

/** One that was imported by its ARN throws. */
function vpcOf(scope: IConstruct, ecsCluster: ICluster): IVpc {
  let vpc: IVpc | undefined;
  try {
    vpc = ecsCluster.vpc;
  } catch {}
  if (vpc === undefined) {
    throw invalidProp(scope, {
      prop: 'ecsCluster',
      problem: 'was imported without its network',
      remedy: 'Import it with Cluster.fromClusterAttributes(this, id, { clusterName, vpc })',
    });
  }
  return vpc;
}

/** What cannot be given together. */
export function checkCombinations(scope: IConstruct, props: NocoBaseClusterProps, capacity: NodeCapacity) {
  if (capacity.onEc2 && props.ecsCluster === undefined) {
    throw invalidProp(scope, {
      prop: 'capacityProviderStrategies',
      problem: 'names instances, and they belong to an ECS cluster that is not given',
      remedy: 'Give the cluster that has these capacity providers: ecsCluster',
    });
  }
  if (props.ecsCluster) checkEcsCluster(scope, props.ecsCluster);
  if (capacity.onEc2) {
    checkInstances(scope, props.ecsCluster!, capacity, props.cpuArchitecture ?? CpuArchitecture.ARM64);
  }
  checkLogGroup(scope, props.logGroup);
  checkKey(scope, props.encryptionKey);
  if (props.logGroup && props.logRetention !== undefined) {
    throw invalidProp(scope, {
      prop: 'logRetention',
      problem: 'has no meaning together with a `logGroup` of your own',
      remedy: 'Set the retention of that log group, and leave this out',
    });
  }
}

/** What watches the nodes is made of what they log, by metric filters, which know a log group by its name. */
export function checkLogGroup(scope: IConstruct, logGroup: ILogGroup | undefined) {
  if (logGroup === undefined) return;
  const resource = referredResource(logGroup.logGroupName);
  const logGroupClass = CfnLogGroup.isCfnLogGroup(resource) ? resource.logGroupClass : undefined;
  if (logGroupClass !== undefined && isKnown(logGroupClass) && logGroupClass !== LogGroupClass.STANDARD) {
    throw invalidProp(scope, {
      prop: 'logGroup',
      problem: `${pathOf(resource!)} is of the class ${logGroupClass}, and CloudWatch makes metrics of the class STANDARD only`,
      remedy: 'Give one of the class STANDARD: another log group, for the class of one does not change',
    });
  }
  checkHere(scope, 'logGroup', logGroup.env, () => 'Give one that is where the nodes are, or leave it out');
}

export function checkedPublicPath(scope: IConstruct, publicPath: string): string {
  if (isKnown(publicPath) && !/^\/(?!api\/)(?:[A-Za-z0-9][\w.~-]*\/)*$/.test(publicPath)) {
    throw invalidProp(scope, {
      prop: 'publicPath',
      problem: `must begin and end with '/' and not be NocoBase's own '/api/', got: '${publicPath}'`,
      remedy: "Write e.g. '/' or '/nocobase/'",
    });
  }
  return publicPath;
}

export function checkedUpgradeTimeout(scope: IConstruct, upgradeTimeout: Duration): Duration {
  const remedy = 'It is the longest time that a migration of your database may take; two hours is a good start';
  checkUnit(scope, 'upgradeTimeout', 'Duration', upgradeTimeout, remedy);
  const known = !upgradeTimeout.isUnresolved();
  const seconds = known ? upgradeTimeout.toSeconds({ integral: false }) : Number.NaN;
  if (!Number.isInteger(seconds) || seconds < 10 * 60 || seconds > 12 * 3600) {
    throw invalidProp(scope, {
      prop: 'upgradeTimeout',
      problem: `must be whole seconds between 10 minutes and 12 hours, got: ${known ? upgradeTimeout.toHumanString() : 'a token'}`,
      remedy,
    });
  }
  return upgradeTimeout;
}

export function checkedUpgradeTries(scope: IConstruct, tries: number): number {
  return whole(scope, 'upgradeTries', tries, 1, 10, 'Leave it out for 2: what fails twice needs somebody who looks');
}

/** Meant for one version: an allowance that was left in by mistake must not hold for the next. */
export function checkedAllowance(scope: IConstruct, allowed: string | undefined, reference: string) {
  if (allowed !== undefined && [allowed, reference].every(isKnown) && allowed !== reference) {
    throw invalidProp(scope, {
      prop: 'allowOnMigratedDatabase',
      problem: `is meant for '${allowed}', and nodes run '${reference}'`,
      remedy: 'Take it out, or write the image that is deployed',
    });
  }
  return allowed;
}

export function checkedEmail(scope: IConstruct, email: string): string {
  if (isKnown(email) && !/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw invalidProp(scope, {
      prop: 'rootEmail',
      problem: `'${email}' is not an e-mail address`,
      remedy: 'The first administrator signs in with it',
    });
  }
  return email;
}
