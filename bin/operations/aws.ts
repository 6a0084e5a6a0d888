import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { RDSClient } from '@aws-sdk/client-rds';
import { SFNClient } from '@aws-sdk/client-sfn';
import { type Asking, checkCredentials, clientSettings, regionOf } from '../aws-client';
import { awsRefusal } from './aws-failure';

/** The services, whose every failure is a `Refusal`. */
export interface Aws {
  readonly region: string;
  readonly cloudFormation: CloudFormationClient;
  readonly ecs: ECSClient;
  readonly scaling: ApplicationAutoScalingClient;
  readonly rds: RDSClient;
  readonly logs: CloudWatchLogsClient;
  readonly cloudWatch: CloudWatchClient;
  readonly stepFunctions: SFNClient;
  readonly events: EventBridgeClient;
}

/** Where each is, and how IAM calls it. */
const SERVICES = {
  cloudFormation: [CloudFormationClient, 'cloudformation'],
  ecs: [ECSClient, 'ecs'],
  scaling: [ApplicationAutoScalingClient, 'application-autoscaling'],
  rds: [RDSClient, 'rds'],
  logs: [CloudWatchLogsClient, 'logs'],
  cloudWatch: [CloudWatchClient, 'cloudwatch'],
  stepFunctions: [SFNClient, 'states'],
  events: [EventBridgeClient, 'events'],
} as const;

export async function connect(asking: Asking): Promise<Aws> {
  const settings = clientSettings(asking);
  const first = new CloudFormationClient(settings);
  const region = await regionOf(first, asking, 'stack');
  await checkCredentials(first, asking);
  // Looked up once, and not by every service.
  const { credentials } = first.config;
  const clients = Object.entries(SERVICES).map(([key, [Client, prefix]]) => {
    const client = new Client({ ...settings, region, credentials });
    inSentences(client, prefix, region);
    return [key, client];
  });
  return { region, ...Object.fromEntries(clients) };
}

interface Client {
  readonly middlewareStack: {
    add(
      middleware: (
        next: (args: object) => Promise<object>,
        context: { commandName?: string },
      ) => (args: object) => Promise<object>,
      options: { step: 'initialize'; priority: 'high'; name: string },
    ): void;
  };
}

/** Outside of the SDK's own tries: what arrives here is final. */
function inSentences(client: object, prefix: string, region: string) {
  (client as Client).middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          throw awsRefusal(error, `${prefix}:${commandName.replace(/Command$/, '')}`, region);
        }
      },
    { step: 'initialize', priority: 'high', name: 'inSentences' },
  );
}
