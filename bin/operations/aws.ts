import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { RDSClient } from '@aws-sdk/client-rds';
import { SFNClient } from '@aws-sdk/client-sfn';
import { credentialsRefusal } from '../import-keys/aws-failure';
import { Refusal } from '../import-keys/refusal';
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

export async function connect({ region, profile }: { region?: string; profile?: string }): Promise<Aws> {
  // It would say at every run that some later SDK needs a newer Node. This one was packed with the command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const settings = {
    // The AWS CLI and CDK know a second variable.
    region: region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION,
    profile,
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 30_000 },
  };
  const first = new CloudFormationClient(settings);
  const name = await regionOf(first, region);
  // Looked up once, and not by every service.
  const { credentials } = first.config;
  try {
    await credentials();
  } catch (error) {
    throw credentialsRefusal(error, profile ?? process.env.AWS_PROFILE);
  }
  const clients = Object.entries(SERVICES).map(([key, [Client, prefix]]) => {
    const client = new Client({ ...settings, region: name, credentials });
    inSentences(client, prefix, name);
    return [key, client];
  });
  return { region: name, ...Object.fromEntries(clients) };
}

async function regionOf(client: CloudFormationClient, given: string | undefined): Promise<string> {
  try {
    return await client.config.region();
  } catch {
    throw new Refusal(
      given === undefined
        ? 'In which region? Say --region eu-central-1, for example, or set AWS_REGION. It is the region of the stack.'
        : '--region is not the name of a region. It is that of the stack, eu-central-1 for example.',
    );
  }
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
