import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  type Stack as StackDescription,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import type { CreateDBInstanceCommandInput } from '@aws-sdk/client-rds';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { App } from 'aws-cdk-lib';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import cdkJson from '../../cdk.json';
import { ask } from './ask';
import { Attempts, type Outcome } from './attempts';
import { ACCOUNT, cdkArguments, cdkEnvironment } from './cdk-cli';
import { type ClientConfiguration, clientConfiguration, type Emulator, startEmulator } from './emulator';
import { giveNamed } from './examples-account';
import { control, giveCertificate, giveDockerHubCache, giveHostedZone, giveImage, giveSnapshot } from './given';

export const REGION = 'eu-central-1';

/** What a run of the CDK CLI said, and how it ended. */
export interface Run {
  readonly exitCode: number;
  readonly output: string;
}

/** A local AWS of a test's own. */
export class LocalAws {
  public static async start(): Promise<LocalAws> {
    return new LocalAws(await startEmulator(), fs.mkdtempSync(path.join(os.tmpdir(), 'local-aws-')));
  }

  public readonly cloudFormation: CloudFormationClient;
  public readonly secretsManager: SecretsManagerClient;
  private readonly attempts: Attempts;

  private constructor(
    private readonly emulator: Emulator,
    private readonly directory: string,
  ) {
    this.attempts = new Attempts(emulator.url);
    this.cloudFormation = this.client(CloudFormationClient);
    this.secretsManager = this.client(SecretsManagerClient);
  }

  public async stop(): Promise<void> {
    await this.emulator.stop();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  /** An SDK client, e.g. `client(ECSClient)`. */
  public client<T>(Client: new (configuration: ClientConfiguration) => T, region = REGION): T {
    return new Client(clientConfiguration(this.emulator.url, region));
  }

  /** Calls a service that has JSON and no SDK client here, e.g. `ask('wafv2', 'AWSWAF_20190729.ListWebACLs', {})`. */
  public async ask(service: string, target: string, body: object, region = REGION): Promise<any> {
    return ask(this.emulator.url, region, service, target, body);
  }

  /** A cloud assembly on disk, with the feature flags that apps in this repository have. */
  public synthesize(build: (app: App) => void): string {
    const { nocobase, ...flags } = cdkJson.context;
    const app = new App({ outdir: fs.mkdtempSync(path.join(this.directory, 'assembly-')), context: flags });
    build(app);
    return app.synth().directory;
  }

  /** What users do once in an account and region. */
  public async bootstrap(): Promise<void> {
    await this.mustSucceed(this.cdk('bootstrap', `aws://${ACCOUNT}/${REGION}`));
  }

  /** Deploys all stacks of an assembly, as a user would; it must succeed. */
  public async deploy(assembly: string, ...options: string[]): Promise<Run> {
    return this.mustSucceed(this.tryDeploy(assembly, ...options));
  }

  public async tryDeploy(assembly: string, ...options: string[]): Promise<Run> {
    return this.cdk('deploy', '--app', assembly, '--all', '--require-approval', 'never', ...options);
  }

  /** How CloudFormation alone fares with the first stack of an app, which gets a name of its own. */
  public async tryCreate(build: (app: App) => void, region = REGION): Promise<Outcome> {
    return this.attempts.create(this.synthesize(build), region);
  }

  /** How it fares with another version of what `tryCreate` made last. */
  public async tryUpdate(build: (app: App) => void): Promise<Outcome> {
    return this.attempts.update(this.synthesize(build));
  }

  /** Deletes what `tryCreate` made last. */
  public async tryDelete(): Promise<Outcome> {
    return this.attempts.delete();
  }

  public async destroy(assembly: string): Promise<Run> {
    return this.cdk('destroy', '--app', assembly, '--all', '--force');
  }

  public async stack(name: string): Promise<StackDescription> {
    const { Stacks } = await this.cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks![0];
  }

  public async outputs(name: string): Promise<{ [key: string]: string }> {
    const { Outputs = [] } = await this.stack(name);
    return Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!]));
  }

  /** The latest first. */
  public async events(name: string): Promise<StackEvent[]> {
    const { StackEvents } = await this.cloudFormation.send(new DescribeStackEventsCommand({ StackName: name }));
    return StackEvents ?? [];
  }

  /** The physical ids of the resources of a stack by their logical ids; those of one type, if it is said. */
  public async physicalIds(name: string, type?: string | RegExp): Promise<{ [logicalId: string]: string }> {
    const { StackResources = [] } = await this.cloudFormation.send(
      new DescribeStackResourcesCommand({ StackName: name }),
    );
    return Object.fromEntries(
      StackResources.filter(({ ResourceType }) => type === undefined || ResourceType!.match(type)).map(
        ({ LogicalResourceId, PhysicalResourceId }) => [LogicalResourceId!, PhysicalResourceId!],
      ),
    );
  }

  /** A Secret that somebody has made beforehand. */
  public async giveSecret(name: string, value: string): Promise<string> {
    const { ARN } = await this.secretsManager.send(new CreateSecretCommand({ Name: name, SecretString: value }));
    return ARN!;
  }

  /** A hosted zone that somebody has already. */
  public async giveHostedZone(id: string, name: string): Promise<void> {
    await giveHostedZone(this.emulator.url, id, name);
  }

  /** What the examples find in an account, as far as an assembly names it. */
  public async giveNamed(assembly: string): Promise<void> {
    for (const { template } of new CloudAssembly(assembly).stacks) await giveNamed(this.emulator.url, REGION, template);
  }

  /** A certificate that somebody has already. */
  public async giveCertificate(arn: string, domainName: string): Promise<void> {
    await giveCertificate(this.emulator.url, arn, domainName);
  }

  /** A rule by which ECR fetches images of Docker Hub that are asked for with this prefix. */
  public async giveDockerHubCache(prefix: string): Promise<void> {
    await giveDockerHubCache(this.emulator.url, REGION, prefix);
  }

  /** An image that somebody has pushed into ECR; a repository for it is made if there is none. */
  public async giveImage(repository: string, tag: string): Promise<void> {
    await giveImage(this.emulator.url, REGION, repository, tag);
  }

  /** A snapshot of a PostgreSQL 17, which is not encrypted unless that is set. */
  public async giveSnapshot(id: string, settings: Partial<CreateDBInstanceCommandInput> = {}): Promise<void> {
    await giveSnapshot(this.emulator.url, REGION, id, settings);
  }

  /** A key of KMS that somebody has made; returns its ARN. */
  public async giveKey(policy?: object): Promise<string> {
    const Policy = policy && JSON.stringify(policy);
    return (await this.ask('kms', 'TrentService.CreateKey', { Policy })).KeyMetadata.Arn;
  }

  /** A parameter of the type SecureString, which CloudFormation does not make. */
  public async giveSecureString(Name: string, Value: string, KeyId?: string): Promise<void> {
    await this.client(SSMClient).send(new PutParameterCommand({ Name, Value, KeyId, Type: 'SecureString' }));
  }

  /** Nodes of images whose name contains one of these never get healthy. */
  public async setUnhealthyImages(...names: string[]): Promise<void> {
    await control(this.emulator.url, 'unhealthy-images', names);
  }

  /** What nodes answer to health checks, and after how many looks there are as many as are wanted. */
  public async setNodes(nodes: { answers?: number; looks?: number; outcome?: 'COMPLETED' | 'ROLLED_BACK' } = {}) {
    await control(this.emulator.url, 'nodes', nodes);
  }

  /** Executions of Step Functions are stopped when they come to one of these states. */
  public async stopExecutionsBefore(...states: string[]): Promise<void> {
    await control(this.emulator.url, 'stop-executions-before', states);
  }

  /** It is time for these rules of EventBridge; those that are disabled do nothing. */
  public async rulesAreDue(...names: string[]): Promise<void> {
    await control(this.emulator.url, `rules-are-due/${REGION}`, names);
  }

  /** It is time for all scheduled actions of Application Auto Scaling; those of targets that suspend them do nothing. */
  public async scheduledActionsAreDue(): Promise<void> {
    await control(this.emulator.url, `scheduled-actions-are-due/${REGION}`, []);
  }

  private cdk(...args: string[]): Promise<Run> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        cdkArguments('--no-color', ...args),
        {
          cwd: this.directory,
          env: { ...cdkEnvironment(this.emulator.url, REGION), HOME: this.directory, CI: 'true' },
          maxBuffer: 16 * 1024 * 1024,
        },
        (error, stdout, stderr) => resolve({ exitCode: Number(error?.code ?? 0), output: `${stdout}${stderr}` }),
      );
    });
  }

  private async mustSucceed(running: Promise<Run>): Promise<Run> {
    const run = await running;
    if (run.exitCode !== 0) throw new Error(run.output);
    return run;
  }
}
