import { parseArgs } from 'node:util';
import { Refusal } from '../refusal';

/** What the command was asked to do. */
export interface Options {
  /** The folder that NocoBase has as /app/nocobase/storage. */
  readonly storage: string;
  /** Name of the Secret. */
  readonly secret: string;
  readonly region?: string;
  readonly profile?: string;
  readonly kmsKey?: string;
  /** Undefined: the installation as a whole, whose main application is called `main`. */
  readonly app?: string;
  /** A file, or `-` for standard input. */
  readonly environment?: string;
  readonly dryRun: boolean;
}

/** Reads the command line; undefined if somebody asks for help. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parsed(args);
  if (values.help) return undefined;

  const [storage, ...others] = positionals;
  if (storage === undefined) {
    throw new Refusal('Which NocoBase? Name its storage folder, e.g. import-keys ./storage --secret nocobase-keys.');
  }
  if (others.length > 0) {
    // Not which: somebody may have pasted a key.
    throw new Refusal(
      `One storage folder is expected, ${positionals.length} words were given. Keys are never arguments.`,
    );
  }
  if (values.secret === undefined) {
    throw new Refusal('What shall the Secret be called? Say --secret nocobase-keys, for example.');
  }
  return {
    storage,
    secret: secretName(values.secret),
    region: values.region,
    profile: values.profile,
    kmsKey: values['kms-key'],
    app: appName(values.app),
    environment: values.environment,
    dryRun: values['dry-run'] ?? false,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        secret: { type: 'string' },
        region: { type: 'string' },
        profile: { type: 'string' },
        'kms-key': { type: 'string' },
        app: { type: 'string' },
        // Not `env-file`: Node looks for that one of its own among the arguments of every program, and ends if there is no such file.
        environment: { type: 'string' },
        'dry-run': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')) {
      throw new Refusal(`${error.message.replace(/[.\n].*$/s, '')}. import-keys --help lists the options.`);
    }
    throw error;
  }
}

function secretName(name: string): string {
  if (name.startsWith('arn:')) {
    throw new Refusal(
      '--secret takes the name of a Secret, an ARN was given. AWS makes the ARN when it makes the Secret.',
    );
  }
  if (!/^[\w/+=.@-]{1,512}$/.test(name)) {
    throw new Refusal(
      '--secret: a name has up to 512 letters, digits and /_+=.@- (AWS Secrets Manager, CreateSecret).',
    );
  }
  if (/-\w{6}$/.test(name)) {
    // Nodes are given the ARN without its suffix, as CDK knows no more of a Secret that it looks up by name.
    throw new Refusal(
      `--secret ${name}: a name must not end in a hyphen and six characters, because AWS takes those for the suffix that`,
      `it appends itself, and does not find the Secret. Another name will do, e.g. ${name}-of-main.`,
    );
  }
  return name;
}

function appName(name: string | undefined): string | undefined {
  if (name === undefined || /^\w[\w-]*$/.test(name)) return name;
  throw new Refusal(
    '--app takes the name of an application, as its folder below storage/apps is called. It is mostly main.',
  );
}
