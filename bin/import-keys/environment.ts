import { Refusal } from '../refusal';
import { ASK_THE_CONTAINER } from './container';
import { fileText, standardInput } from './input';
import { NAMES, type Name, OTHER_KEYS } from './names';
import { printedVariables, STANDARD_INPUT } from './printed-variables';
import { writtenVariables } from './written-variables';

/** The environment that NocoBase was started with, as far as it matters here. */
export interface Environment {
  /** Where it was read, as it stands in a sentence. */
  readonly source: string;
  /** The file, if it was one. */
  readonly file?: string;
  readonly variables: ReadonlyMap<Name, string>;
  /** Why a value may be another one for NocoBase, in sentences. */
  readonly doubts: ReadonlyMap<Name, string>;
  /** Names of further keys that are set. */
  readonly otherKeys: readonly string[];
}

interface Reading {
  readonly value: string;
  readonly doubt?: string;
}

export async function readEnvironment(file: string): Promise<Environment> {
  if (file === '-') {
    return environment(STANDARD_INPUT, undefined, printedVariables(await standardInput()), printed);
  }
  if (/\.ya?ml$/.test(file)) {
    throw new Refusal(
      `--environment ${file} is a Compose file, which is more than a list of variables. Ask the container instead:`,
      `  ${ASK_THE_CONTAINER}`,
    );
  }
  return environment(file, file, writtenVariables(fileText(file), file), (name, raw) => written(name, raw, file));
}

function environment(
  source: string,
  file: string | undefined,
  raw: ReadonlyMap<string, string>,
  read: (name: Name, raw: string) => Reading,
): Environment {
  const readings = NAMES.flatMap((name): [Name, Reading][] => {
    const value = raw.get(name);
    return value === undefined ? [] : [[name, read(name, value)]];
  });
  return {
    source,
    file,
    variables: new Map(readings.map(([name, { value }]) => [name, value])),
    doubts: new Map(readings.flatMap(([name, { doubt }]) => (doubt === undefined ? [] : [[name, doubt]]))),
    otherKeys: OTHER_KEYS.filter((name) => (raw.get(name) ?? '').trim() !== ''),
  };
}

function printed(name: Name, raw: string): Reading {
  if (!/^(['"]).*\1$/s.test(raw)) return { value: raw };
  return {
    value: raw,
    doubt: [
      `${name} in ${STANDARD_INPUT} has quotes around it, and they were taken for a part of it: env adds none.`,
      'That is right if NocoBase was started with docker run --env-file and quotes in that file, and wrong if it was not env',
      'that printed it, but a shell.',
    ].join('\n'),
  };
}

/** What people write: whoever starts NocoBase with it reads it in a way of its own. */
function written(name: Name, raw: string, file: string): Reading {
  const value = whatMostRead(raw.trim());
  if (value === undefined) {
    throw new Refusal(
      `${name} in ${file} has quotes, $, # or \\ in a way that NocoBase and Docker Compose read differently.`,
      'Whatever reads that file at your place knows what it means. In Docker, ask the container:',
      `  ${ASK_THE_CONTAINER}`,
      'Where NocoBase reads the file itself, put the value as it is meant into single quotes.',
    );
  }
  if (raw === value) return { value };
  return {
    value,
    doubt: [
      `${name} in ${file} has quotes, blanks or a comment around it. They were left out, as NocoBase itself and Docker Compose`,
      'do it when they read such a file; docker run --env-file and Kubernetes take them for a part of the value.',
    ].join('\n'),
  };
}

/** The value, if NocoBase and Docker Compose agree on it. */
function whatMostRead(value: string): string | undefined {
  const quoted = /^(?:'([^'\\]*)'|"([^"\\$`]*)")\s*(?:#.*)?$/.exec(value);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  const bare = value.replace(/\s+#.*$/, '');
  return /["'`$#\\]/.test(bare) ? undefined : bare;
}
