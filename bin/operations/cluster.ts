import {
  DescribeStacksCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { DescribeServicesCommand } from '@aws-sdk/client-ecs';
import { DescribeRuleCommand } from '@aws-sdk/client-eventbridge';
import { Refusal } from '../refusal';
import type { Aws } from './aws';
import { isAws } from './aws-failure';
import type { Options } from './options';
import { revisionOf } from './revisions';

/** A cluster, by what its stack says of it. */
export interface Cluster {
  readonly stackName: string;
  readonly stackStatus: string;
  /** How the ids of its constructs begin. */
  readonly prefix: string;
  readonly ecsCluster: string;
  /** Names of the services of its nodes. The web nodes are the first. */
  readonly services: readonly string[];
  readonly logGroup: string;
  /** Whether the stack has made the log group, and for this cluster alone. */
  readonly ownsLogGroup: boolean;
  /** Undefined: no RDS instance. */
  readonly databaseInstance?: string;
  /** Whether the stack has made the instance, and for this cluster alone. */
  readonly ownsDatabase: boolean;
  readonly maintenanceStateMachine?: string;
  /** The rule that is enabled during maintenance. */
  readonly holdRule?: string;
  readonly alarms: readonly string[];
}

/** CDK makes an output's key of the path of its construct and eight digits; the app of this package has plain names. */
const OUTPUT = /^(.*?)(ClusterName|ServiceName|LogGroup|MaintenanceStateMachine|DatabaseInstance)(?:[0-9A-F]{8})?$/;

export async function findCluster(aws: Aws, options: Options): Promise<Cluster> {
  const { StackName: stackName = options.stack, StackStatus: stackStatus = '', Outputs } = await stackOf(aws, options);
  const clusters = new Map<string, Map<string, string>>();
  for (const { OutputKey = '', OutputValue = '' } of Outputs ?? []) {
    const [, prefix, what] = OUTPUT.exec(OutputKey) ?? [];
    if (prefix === undefined || what === undefined) continue;
    clusters.set(prefix, (clusters.get(prefix) ?? new Map()).set(what, OutputValue));
  }
  const complete = [...clusters].filter(([, outputs]) => outputs.has('ClusterName') && outputs.has('ServiceName'));
  const prefix = chosen(
    complete.map(([name]) => name),
    options,
    stackName,
  );
  const outputs = clusters.get(prefix)!;
  const all = await resourcesOf(aws, stackName);
  const resources = belowOf(all, prefix, [...clusters.keys()]);
  const owns = (type: string, what: string) =>
    all.some((each) => each.ResourceType === type && isSame(each.PhysicalResourceId, outputs.get(what))) &&
    [...clusters.values()].filter((other) => isSame(other.get(what), outputs.get(what))).length === 1;
  const ofType = (type: string) => resources.filter(({ ResourceType }) => ResourceType === type);
  const web = outputs.get('ServiceName')!;
  const services = ofType('AWS::ECS::Service').map(
    ({ PhysicalResourceId = '' }) => PhysicalResourceId.split('/').at(-1)!,
  );
  return {
    stackName,
    stackStatus,
    prefix,
    ecsCluster: outputs.get('ClusterName')!,
    services: [
      web,
      ...(await withNodes(aws, outputs.get('ClusterName')!, services.filter((name) => name !== web).sort())),
    ],
    logGroup: outputs.get('LogGroup') ?? '',
    ownsLogGroup: owns('AWS::Logs::LogGroup', 'LogGroup'),
    databaseInstance: outputs.get('DatabaseInstance'),
    ownsDatabase: owns('AWS::RDS::DBInstance', 'DatabaseInstance'),
    maintenanceStateMachine: outputs.get('MaintenanceStateMachine'),
    holdRule: ofType('AWS::Events::Rule').find(({ LogicalResourceId = '' }) =>
      /Hold[0-9A-F]{8}$/.test(LogicalResourceId),
    )?.PhysicalResourceId,
    alarms: resources
      .filter(({ ResourceType = '' }) => /^AWS::CloudWatch::(Composite)?Alarm$/.test(ResourceType))
      .map(({ PhysicalResourceId = '' }) => PhysicalResourceId),
  };
}

async function stackOf(aws: Aws, { stack }: Options) {
  try {
    const { Stacks } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: stack }));
    if (Stacks?.[0]) return Stacks[0];
  } catch (error) {
    if (!isAws(error, /^ValidationError$/)) throw error;
  }
  throw new Refusal(
    `There is no stack ${stack} in ${aws.region}.`,
    'aws cloudformation describe-stacks lists those there are; --region and --profile say where to look.',
  );
}

function chosen(prefixes: readonly string[], { cluster }: Options, stackName: string): string {
  if (cluster !== undefined) {
    const wanted = cluster.replace(/[^A-Za-z0-9]/g, '');
    if (prefixes.includes(wanted)) return wanted;
    throw new Refusal(
      `The stack ${stackName} has no NocoBase cluster ${cluster}. It has ${prefixes.filter(Boolean).join(', ') || 'none of that name'}.`,
    );
  }
  if (prefixes.length === 1) return prefixes[0]!;
  throw new Refusal(
    prefixes.length === 0
      ? `The stack ${stackName} has no NocoBase cluster: it has no outputs ClusterName and ServiceName of one.`
      : `The stack ${stackName} has several clusters. Which one? Say --cluster ${prefixes.join(' or --cluster ')}.`,
  );
}

async function resourcesOf(aws: Aws, stackName: string): Promise<StackResourceSummary[]> {
  const found: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client: aws.cloudFormation }, { StackName: stackName })) {
    found.push(
      ...(page.StackResourceSummaries ?? []).filter(
        ({ PhysicalResourceId, ResourceStatus = '' }) =>
          PhysicalResourceId !== undefined && !ResourceStatus.startsWith('DELETE_COMPLETE'),
      ),
    );
  }
  return found;
}

/** Those of one cluster: of `NocoBase` and `NocoBase2`, what begins with the longer one is the other's. */
function belowOf(resources: readonly StackResourceSummary[], prefix: string, prefixes: readonly string[]) {
  const longer = prefixes.filter((other) => other !== prefix && other.startsWith(prefix));
  return resources.filter(
    ({ LogicalResourceId = '' }) =>
      LogicalResourceId.startsWith(prefix) && !longer.some((other) => LogicalResourceId.startsWith(other)),
  );
}

/** RDS writes identifiers small. */
function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one.toLowerCase() === other?.toLowerCase();
}

/** Those whose tasks are nodes of NocoBase: a service `NocoBaseReports` beside the cluster begins like one of it. */
async function withNodes(aws: Aws, cluster: string, services: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const service of services) {
    const { services: [described] = [] } = await aws.ecs.send(
      new DescribeServicesCommand({ cluster, services: [service] }),
    );
    if (described?.status !== 'ACTIVE' || described.taskDefinition === undefined) continue;
    const { generation } = await revisionOf(aws, described.taskDefinition);
    if (generation !== undefined) found.push(service);
  }
  return found;
}

/** Undefined where it cannot be known: a stack of an earlier version. */
export async function isInMaintenance(aws: Aws, { holdRule }: Cluster): Promise<boolean | undefined> {
  if (holdRule === undefined) return undefined;
  const { State } = await aws.events.send(new DescribeRuleCommand({ Name: holdRule }));
  return State === 'ENABLED';
}
