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
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { App } from 'aws-cdk-lib';
import cdkJson from '../../cdk.json';
import { ACCOUNT, cdkArguments, cdkEnvironment } from './cdk-cli';
import { type ClientConfiguration, clientConfiguration, type Emulator, startEmulator } from './emulator';
import { control, giveHostedZone } from './given';

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

  private constructor(
    private readonly emulator: Emulator,
    private readonly directory: string,
  ) {
    this.cloudFormation = this.client(CloudFormationClient);
    this.secretsManager = this.client(SecretsManagerClient);
  }

  public async stop(): Promise<void> {
    await this.emulator.stop();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  /** An SDK client, e.g. `client(ECSClient)`. */
  public client<T>(Client: new (configuration: ClientConfiguration) => T): T {
    return new Client(clientConfiguration(this.emulator.url, REGION));
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

  /** Nodes of images whose name contains one of these never get healthy. */
  public async setUnhealthyImages(...names: string[]): Promise<void> {
    await control(this.emulator.url, 'unhealthy-images', names);
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
