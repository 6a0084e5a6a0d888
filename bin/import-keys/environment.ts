import * as fs from 'node:fs';
import { Refusal } from '../refusal';
import { unreadable } from './storage';

/** The two keys, and the variables that decide whether NocoBase looks at them. */
const NAMES = ['APP_KEY', 'APP_AES_SECRET_KEY', 'APP_AES_SECRET_KEY_PATH', 'UNSAFE_USE_DEFAULT_JWT_SECRET'] as const;

/** Further keys, which this Secret does not hold. Their values are not looked at. */
const OTHER_KEYS = ['ENCRYPTION_FIELD_KEY', 'ENCRYPTION_FIELD_KEY_PATH', 'APP_SUPERVISOR_AES_SECRET_KEY'] as const;

type Name = (typeof NAMES)[number];

/** The environment that NocoBase was started with, as far as it matters here. */
export interface Environment {
  /** Where it was read, as it stands in a sentence. */
  readonly source: string;
  /** The file, if it was one. */
  readonly file?: string;
  readonly variables: ReadonlyMap<Name, string>;
  /** Names of further keys that are set. */
  readonly otherKeys: readonly string[];
}

/** The way around everything that may be between a file and the process. */
export const ASK_THE_CONTAINER =
  'docker compose exec -T app env | npx cdk-nocobase import-keys … --environment -   (app is the name of the service)';

/** Of what is meant to be some lines of text. */
const BYTES_AT_MOST = 1024 * 1024;

export async function readEnvironment(file: string): Promise<Environment> {
  if (file === '-') {
    const lines = assignments(await standardInput(), /^(\w+)=(.*)$/);
    // What `env` prints: values as they are.
    return environment('the environment on standard input', undefined, lines, (_, value) => value);
  }
  if (/\.ya?ml$/.test(file)) {
    throw new Refusal(
      `--environment ${file} is a Compose file, which is more than a list of variables. Ask the container instead:`,
      `  ${ASK_THE_CONTAINER}`,
    );
  }
  const lines = assignments(text(contentOf(file), file), /^\s*(?:export\s+)?(\w+)(?:\s*=|:\s)(.*)$/);
  return environment(file, file, lines, (name, value) => written(name, value, file));
}

function environment(
  source: string,
  file: string | undefined,
  lines: ReadonlyMap<string, string>,
  read: (name: Name, raw: string) => string,
): Environment {
  const variables = NAMES.flatMap((name): [Name, string][] => {
    const raw = lines.get(name);
    return raw === undefined ? [] : [[name, read(name, raw)]];
  });
  return {
    source,
    file,
    variables: new Map(variables),
    otherKeys: OTHER_KEYS.filter((name) => (lines.get(name) ?? '').trim() !== ''),
  };
}

function assignments(lines: string, form: RegExp): Map<string, string> {
  // Of several the last one counts, everywhere.
  return new Map(
    lines.split(/\r?\n/).flatMap((line): [string, string][] => {
      const [, name, value] = form.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

/** What people write: NocoBase (dotenv), Docker Compose and `docker run` each read it in a way of their own. */
function written(name: Name, raw: string, file: string): string {
  const agreed = whatAllRead(raw.trim());
  if (agreed !== undefined) return agreed;
  throw new Refusal(
    `${name} in ${file} has quotes, $, # or \\ in a way that NocoBase and Docker Compose read differently.`,
    'Whatever reads that file at your place knows what it means. In Docker, ask the container:',
    `  ${ASK_THE_CONTAINER}`,
    'Where NocoBase reads the file itself, put the value as it is meant into single quotes.',
  );
}

/** The value, if there is only one way to read it. */
function whatAllRead(value: string): string | undefined {
  const quoted = /^(?:'([^'\\]*)'|"([^"\\$`]*)")\s*(?:#.*)?$/.exec(value);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  const bare = value.replace(/\s+#.*$/, '');
  return /["'`$#\\]/.test(bare) ? undefined : bare;
}

/** Not by its size: it may be a pipe, as in `--environment <(…)`. */
function contentOf(file: string): Buffer {
  try {
    const descriptor = fs.openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(BYTES_AT_MOST + 1);
      let length = 0;
      for (let read = -1; read !== 0; length += read) {
        read = fs.readSync(descriptor, buffer, length, buffer.length - length, null);
      }
      return buffer.subarray(0, length);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    throw new Refusal(`--environment ${file} ${unreadable(error)}`);
  }
}

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new Refusal(
      '--environment - reads standard input, and nothing is piped into it. For example:',
      `  ${ASK_THE_CONTAINER}`,
    );
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > BYTES_AT_MOST) break;
  }
  if (length === 0) {
    throw new Refusal(
      'Nothing came in on standard input. Does the container run, and is its service called app?',
      `  ${ASK_THE_CONTAINER}`,
    );
  }
  return text(Buffer.concat(chunks), 'standard input');
}

function text(bytes: Buffer, source: string): string {
  if (bytes.length > BYTES_AT_MOST) {
    throw new Refusal(`--environment: ${source} has more than a megabyte, and is hardly a list of variables.`);
  }
  const decoded = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (!/[\0\uFFFD]/.test(decoded)) return decoded;
  throw new Refusal(
    `--environment: ${source} is not UTF-8 text, so a key in it might be read wrongly. Save it as UTF-8.`,
  );
}
