import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { RDSClient } from '@aws-sdk/client-rds';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { Aws } from '../../../bin/operations/aws';
import type { Terminal } from '../../../bin/operations/terminal';

// It says at every client that some later SDK needs a newer Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

/** What is answered to a command, by its name without `Command`. */
export type Answers = Readonly<Record<string, (input: any) => unknown>>;

/** Services that answer what a test says, and remember what they were asked. */
export function fakeAws(answers: Answers): { aws: Aws; asked: [string, any][] } {
  const asked: [string, any][] = [];
  const send = async (command: { input: any }) => {
    const name = command.constructor.name.replace(/Command$/, '');
    asked.push([name, command.input]);
    const answer = answers[name];
    if (answer === undefined) throw new Error(`Nobody answers ${name} here`);
    return answer(command.input);
  };
  // The SDK's paginators want clients of its own.
  const client = <T extends object>(Client: new (configuration: { region: string }) => T): T =>
    Object.assign(new Client({ region: 'eu-central-1' }), { send });
  return {
    asked,
    aws: {
      region: 'eu-central-1',
      cloudFormation: client(CloudFormationClient),
      ecs: client(ECSClient),
      scaling: client(ApplicationAutoScalingClient),
      rds: client(RDSClient),
      logs: client(CloudWatchLogsClient),
      cloudWatch: client(CloudWatchClient),
      stepFunctions: client(SFNClient),
      events: client(EventBridgeClient),
    },
  };
}

/** Somebody who listens; time passes only while they wait. */
export class Listener implements Terminal {
  public readonly lines: string[] = [];
  public readonly pauses: number[] = [];

  public constructor(private time = Date.parse('2026-03-01T12:00:00Z')) {}

  public say(line = '') {
    this.lines.push(line);
  }

  public async ask(): Promise<undefined> {}

  public now() {
    return new Date(this.time);
  }

  public async pause(milliseconds: number) {
    this.pauses.push(milliseconds);
    this.time += milliseconds;
  }
}
