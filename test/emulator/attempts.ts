import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { type ClientConfiguration, clientConfiguration } from './emulator';

/** The last status of a stack, and what its events complain about. */
export interface Outcome {
  readonly status: string;
  readonly why: string;
}

const CAPABILITIES = { Capabilities: ['CAPABILITY_NAMED_IAM' as const] };
const COMPLAINTS = /_FAILED$|^(UPDATE_)?ROLLBACK_IN_PROGRESS$/;

/** How CloudFormation alone fares with the first stacks of assemblies: nothing is published, and nothing bootstrapped. */
export class Attempts {
  private number = 0;
  private last!: { readonly id: string; readonly client: CloudFormationClient };

  public constructor(private readonly url: string) {}

  public async create(assembly: string, region: string): Promise<Outcome> {
    const configuration: ClientConfiguration = clientConfiguration(this.url, region);
    const client = new CloudFormationClient(configuration);
    const { name, TemplateBody } = firstStack(assembly);
    const StackName = `${name}-${++this.number}`;
    const { StackId } = await client.send(new CreateStackCommand({ StackName, TemplateBody, ...CAPABILITIES }));
    this.last = { id: StackId!, client };
    return this.outcome(0);
  }

  /** Changes the stack that was made last. */
  public async update(assembly: string): Promise<Outcome> {
    const { id, client } = this.last;
    const before = (await this.events()).length;
    const { TemplateBody } = firstStack(assembly);
    await client.send(new UpdateStackCommand({ StackName: id, TemplateBody, ...CAPABILITIES }));
    return this.outcome(before);
  }

  /** Deletes it. */
  public async delete(): Promise<Outcome> {
    const before = (await this.events()).length;
    await this.last.client.send(new DeleteStackCommand({ StackName: this.last.id }));
    return this.outcome(before);
  }

  /** Once nothing happens to it any more; of its events those after the first ones. */
  private async outcome(ignored: number): Promise<Outcome> {
    const status = await this.end();
    const events = (await this.events()).reverse().slice(ignored).reverse();
    const complaints = events.filter(({ ResourceStatus }) => COMPLAINTS.test(ResourceStatus!));
    return { status, why: complaints.map(({ ResourceStatusReason }) => ResourceStatusReason).join('\n') };
  }

  private async end(): Promise<string> {
    for (;;) {
      const { Stacks } = await this.last.client.send(new DescribeStacksCommand({ StackName: this.last.id }));
      const { StackStatus } = Stacks![0];
      if (!StackStatus!.endsWith('_IN_PROGRESS')) return StackStatus!;
      // CloudFormation answers when it is done, or after a while on a busy machine.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  private async events() {
    const { StackEvents = [] } = await this.last.client.send(
      new DescribeStackEventsCommand({ StackName: this.last.id }),
    );
    return StackEvents;
  }
}

function firstStack(assembly: string) {
  const [{ stackName, template }] = new CloudAssembly(assembly).stacks;
  delete template.Parameters?.BootstrapVersion;
  delete template.Rules?.CheckBootstrapVersion;
  return { name: stackName, TemplateBody: JSON.stringify(template) };
}
