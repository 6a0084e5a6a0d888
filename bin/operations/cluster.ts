import {
  DescribeStacksCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { DescribeRuleCommand } from '@aws-sdk/client-eventbridge';
import { Refusal } from '../import-keys/refusal';
import type { Aws } from './aws';
import { isAws } from './aws-failure';
import type { Options } from './options';

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
  /** Undefined: no RDS instance. */
  readonly databaseInstance?: string;
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
  const resources = await resourcesOf(aws, stackName, prefix, [...clusters.keys()]);
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
    services: [web, ...services.filter((name) => name !== web).sort()],
    logGroup: outputs.get('LogGroup') ?? '',
    databaseInstance: outputs.get('DatabaseInstance'),
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

/** Those of one cluster: of `NocoBase` and `NocoBase2`, what begins with the longer one is the other's. */
async function resourcesOf(aws: Aws, stackName: string, prefix: string, prefixes: readonly string[]) {
  const found: StackResourceSummary[] = [];
  const longer = prefixes.filter((other) => other !== prefix && other.startsWith(prefix));
  for await (const page of paginateListStackResources({ client: aws.cloudFormation }, { StackName: stackName })) {
    found.push(
      ...(page.StackResourceSummaries ?? []).filter(
        ({ LogicalResourceId = '', PhysicalResourceId, ResourceStatus = '' }) =>
          PhysicalResourceId !== undefined &&
          !ResourceStatus.startsWith('DELETE_COMPLETE') &&
          LogicalResourceId.startsWith(prefix) &&
          !longer.some((other) => LogicalResourceId.startsWith(other)),
      ),
    );
  }
  return found;
}

/** Undefined where it cannot be known: a stack of an earlier version. */
export async function isInMaintenance(aws: Aws, { holdRule }: Cluster): Promise<boolean | undefined> {
  if (holdRule === undefined) return undefined;
  const { State } = await aws.events.send(new DescribeRuleCommand({ Name: holdRule }));
  return State === 'ENABLED';
}
