import { type ParseArgsConfig, parseArgs } from 'node:util';
import { Refusal } from '../refusal';

/** Which cluster, and who asks. */
export interface Options {
  /** Name or ARN of the stack. */
  readonly stack: string;
  /** By what the outputs of the cluster begin, where a stack has several. */
  readonly cluster?: string;
  readonly region?: string;
  readonly profile?: string;
}

type Known = NonNullable<ParseArgsConfig['options']>;
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

const COMMON: Known = {
  stack: { type: 'string' },
  cluster: { type: 'string' },
  region: { type: 'string' },
  profile: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

export const COMMON_HELP = `  --stack <name>     the CloudFormation stack of the cluster
  --cluster <id>     which one, where the stack has several: the id of the construct
  --region <name>    where the stack is (else AWS_REGION, or the region of the profile)
  --profile <name>   whose credentials to use, of those that the AWS CLI knows
`;

/** What stood on the command line; undefined if somebody asks for help. */
export function parseCommandLine(
  command: string,
  args: readonly string[],
  further: Known = {},
): { readonly options: Options; readonly values: Values; readonly words: readonly string[] } | undefined {
  const { values, positionals } = parsed(command, args, further);
  if (values.help) return undefined;
  const { stack, cluster, region, profile } = values as { [name: string]: string | undefined };
  if (stack === undefined || stack === '') {
    throw new Refusal(
      'Which stack? Say --stack NocoBase, for example. aws cloudformation describe-stacks lists those there are.',
    );
  }
  return { options: { stack, cluster, region, profile }, values, words: positionals };
}

function parsed(
  command: string,
  args: readonly string[],
  further: Known,
): { readonly values: Values; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { ...COMMON, ...further } });
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')) {
      throw new Refusal(`${error.message.replace(/[.\n].*$/s, '')}. ${command} --help lists the options.`);
    }
    throw error;
  }
}

/** The same command for another purpose, as somebody would type it. */
export function commandLine(what: string, { stack, cluster, region, profile }: Options): string {
  return [
    `npx cdk-nocobase ${what} --stack ${stack}`,
    ...(cluster === undefined ? [] : [`--cluster ${cluster}`]),
    ...(region === undefined ? [] : [`--region ${region}`]),
    ...(profile === undefined ? [] : [`--profile ${profile}`]),
  ].join(' ');
}
