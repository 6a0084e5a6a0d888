import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListTaskDefinitionsCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { type DBInstance, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { type App, Stack } from 'aws-cdk-lib';
import { type Aws, connect } from '../../bin/operations/aws';
import type { Terminal } from '../../bin/operations/terminal';
import { Refusal } from '../../bin/refusal';
import { ClusterPlugins, NocoBaseCluster, type NocoBaseClusterProps, NocoBaseImage } from '../../lib';
import { type LocalAws, REGION } from './local-aws';

export const OLD = '2.2.14';
export const NEW = '2.2.15';
export const OPTIONS = { stack: 'Prod' };

/** A cluster in the local AWS, with what happens to it meanwhile. */
export class OperatedCluster {
  public outputs: { [name: string]: string } = {};

  public constructor(private readonly local: LocalAws) {}

  public async deploy(version: string, props: Partial<NocoBaseClusterProps> = {}): Promise<void> {
    await this.local.deploy(this.assembly(version, props));
    const outputs = await this.local.outputs('Prod');
    this.outputs = Object.fromEntries(
      Object.entries(outputs).map(([key, value]) => [key.replace(/^NocoBase|[0-9A-F]{8}$/g, ''), value]),
    );
  }

  public assembly(version: string, props: Partial<NocoBaseClusterProps> = {}): string {
    return this.local.synthesize((app: App) => {
      new NocoBaseCluster(new Stack(app, 'Prod'), 'NocoBase', {
        plugins: ClusterPlugins.preinstalled(),
        image: NocoBaseImage.version(version),
        web: { minNodes: 2, maxNodes: 4 },
        ...props,
      });
    });
  }

  public async instance(name = this.outputs.DatabaseInstance!): Promise<DBInstance> {
    const { DBInstances } = await this.local
      .client(RDSClient)
      .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: name }));
    return DBInstances![0]!;
  }

  public async instances(): Promise<string[]> {
    const { DBInstances = [] } = await this.local.client(RDSClient).send(new DescribeDBInstancesCommand({}));
    return DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier!);
  }

  public async service() {
    const { ClusterName: cluster, ServiceName } = this.outputs;
    const { services } = await this.ecs.send(
      new DescribeServicesCommand({ cluster, services: [ServiceName!], include: ['TAGS'] }),
    );
    return services![0]!;
  }

  /** The version that nodes are of. */
  public async version(): Promise<string> {
    return this.versionOf((await this.service()).taskDefinition!);
  }

  public async versionOf(taskDefinition: string): Promise<string> {
    return (await this.variable(taskDefinition, 'LAUNCHER_IMAGE')).split(':').at(-1)!;
  }

  /** A variable that nodes of a revision have. */
  public async variable(taskDefinition: string, variable: string): Promise<string> {
    const { taskDefinition: found } = await this.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    return found!.containerDefinitions![0]!.environment!.find(({ name }) => name === variable)!.value!;
  }

  public async registeredAt(taskDefinition: string): Promise<Date> {
    const { taskDefinition: found } = await this.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    return found!.registeredAt!;
  }

  /** Revisions that a service may be given, the oldest first. */
  public async revisions(status: 'ACTIVE' | 'INACTIVE' = 'ACTIVE'): Promise<string[]> {
    const { taskDefinition } = await this.service();
    const [family] = taskDefinition!.split('/').at(-1)!.split(':');
    const { taskDefinitionArns = [] } = await this.ecs.send(
      new ListTaskDefinitionsCommand({ familyPrefix: family, status }),
    );
    return taskDefinitionArns;
  }

  public async scale(min: number, max: number): Promise<void> {
    const { ClusterName, ServiceName } = this.outputs;
    await this.local.client(ApplicationAutoScalingClient).send(
      new RegisterScalableTargetCommand({
        ServiceNamespace: 'ecs',
        ScalableDimension: 'ecs:service:DesiredCount',
        ResourceId: `service/${ClusterName}/${ServiceName}`,
        MinCapacity: min,
        MaxCapacity: max,
      }),
    );
  }

  /** ECS gives the service another revision, as a deployment does. */
  public async use(taskDefinition: string): Promise<void> {
    const { ClusterName: cluster, ServiceName: service } = this.outputs;
    await this.ecs.send(new UpdateServiceCommand({ cluster, service, taskDefinition }));
  }

  /** A node says something in the log. */
  public async log(message: string, at = new Date()): Promise<void> {
    const logs = this.local.client(CloudWatchLogsClient);
    const where = { logGroupName: this.outputs.LogGroup, logStreamName: 'web/NocoBase/1' };
    await logs.send(new CreateLogStreamCommand(where)).catch((error) => {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    });
    await logs.send(
      new PutLogEventsCommand({ ...where, logEvents: [{ timestamp: at.getTime(), message: `[launcher] ${message}` }] }),
    );
  }

  /** What a node of a revision logs that begins its version. */
  public async begins(taskDefinition: string, point: string, at = new Date()): Promise<void> {
    await this.log(
      `begins "${await this.variable(taskDefinition, 'LAUNCHER_GENERATION')}" on this database, upgrading if needed; other nodes wait. Restore point: ${point}, of revision ${taskDefinition.split('/').at(-1)}`,
      at,
    );
  }

  private get ecs(): ECSClient {
    return this.local.client(ECSClient);
  }
}

/** The services as the commands see them, in the local AWS. */
export async function connectTo(local: LocalAws): Promise<Aws> {
  const { protocol, hostname, port } = await local.client(RDSClient).config.endpoint!();
  // Of this test file alone. The SDK reads it as late as it needs it.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `${protocol}//${hostname}:${port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  return connect({ region: REGION });
}

/** Somebody who waits for nothing, and whose clock may be ahead. */
export class Onlooker implements Terminal {
  public readonly lines: string[] = [];

  /** @param ahead of the clock of AWS, in milliseconds */
  public constructor(
    private readonly ahead = 0,
    private readonly answer?: string,
  ) {}

  public say(line = '') {
    this.lines.push(line);
  }

  public async ask(question: string) {
    this.lines.push(question);
    return this.answer;
  }

  public now() {
    return new Date(Date.now() + this.ahead);
  }

  public async pause() {
    // The local AWS takes its time in looks.
    await new Promise(setImmediate);
  }

  public get text() {
    return this.lines.join('\n');
  }
}

/** Passed on as it is, by what makes sentences of failures. */
export class Interrupted extends Refusal {}

const CHANGES = /^(Add|Modify|Register|Restore|Start|Tag|Untag|Update)/;

/** Interrupts a command at its n-th change: before AWS has it, or after, without the answer. */
export function interruptAt(aws: Aws, n: number, when: 'before' | 'after'): { readonly changes: string[] } {
  const changes: string[] = [];
  for (const client of Object.values(aws)) {
    if (typeof client === 'string') continue;
    client.middlewareStack.add(
      (next: any, { commandName }: any) =>
        async (args: any) => {
          if (!CHANGES.test(commandName)) return next(args);
          changes.push(commandName);
          if (changes.length !== n) return next(args);
          if (when === 'after') await next(args);
          throw new Interrupted(commandName);
        },
      { step: 'initialize', name: 'interrupts', priority: 'normal' },
    );
  }
  return { changes };
}

/** As if all task definitions were older than they are. */
export function agedBy(aws: Aws, milliseconds: number): Aws {
  aws.ecs.middlewareStack.add(
    (next: any) => async (args: any) => {
      const answer = await next(args);
      const { taskDefinition } = answer.output;
      for (const moment of ['registeredAt', 'deregisteredAt']) {
        if (taskDefinition?.[moment]) taskDefinition[moment] = new Date(+taskDefinition[moment] - milliseconds);
      }
      return answer;
    },
    { step: 'initialize', priority: 'low', name: 'ages' },
  );
  return aws;
}
