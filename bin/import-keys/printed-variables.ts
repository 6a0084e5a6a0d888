import { Refusal } from '../refusal';
import { ASK_THE_CONTAINER, ASK_WITH_ENDS } from './container';
import { isName, mentionsKey, type Name } from './names';

export const STANDARD_INPUT = 'the environment on standard input';

const ASSIGNMENT = /^([A-Za-z_][\w.-]*)=(.*)$/s;

/** What `env` or `env -0` prints: all variables of a process, and their values as they are. */
export function printedVariables(text: string): ReadonlyMap<string, string> {
  const variables = text.includes('\0') ? separated(text) : inLines(text);
  // Every process has it. Where it is missing, another variable that is missing may be set all the same.
  if (/^[^'"]/.test(variables.get('PATH') ?? '')) return variables;
  throw new Refusal(
    'What came in on standard input is not what env prints: there is no PATH in it, which every process has. So what is',
    'missing in it may be set all the same, and nothing was done. The whole environment is needed, as it is:',
    `  ${ASK_THE_CONTAINER}`,
    'A file of variables is named instead of piped: --environment .env',
  );
}

function separated(text: string): Map<string, string> {
  return new Map(
    text.split('\0').flatMap((variable): [string, string][] => {
      const [, name, value] = ASSIGNMENT.exec(variable) ?? [];
      return name === undefined ? [] : [[name, value!]];
    }),
  );
}

/** A value may have several lines, and nothing tells them from variables. */
function inLines(text: string): Map<string, string> {
  const lines = text.replace(/(?:\r\n?|\n)$/, '').split(/\r\n?|\n/);
  const ends = text.match(/\r\n?|\n/g) ?? [];
  const mixed = new Set(ends).size > 1;
  const variables = new Map<string, string>();
  for (const [at, line] of lines.entries()) {
    const [, name, value] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined) {
      if (mentionsKey(line) && !/^\s*#/.test(line)) throw notUnderstood(at + 1);
      continue;
    }
    if (isName(name)) {
      const before = variables.get(name);
      if (before && before !== value) throw notCertain(name);
      // Only this one has a carriage return, so that no terminal has added it.
      if (mixed && ends[at] !== '\n') throw notCertain(name);
      if (goesOn(value!, lines[at + 1])) throw notCertain(name);
    }
    variables.set(name, value!);
  }
  return variables;
}

function goesOn(value: string, next: string | undefined): boolean {
  if (next === undefined) return false;
  // OpenSSL breaks Base64 after 64 characters, and others after 76. What follows may look like a variable.
  const isBroken = /^(?:.{64}|.{76})$/.test(value) && /^[A-Za-z0-9+/]+={0,2}$/.test(next);
  return isBroken || !ASSIGNMENT.test(next);
}

/** The line is not repeated: it may hold a key. */
function notUnderstood(line: number): Refusal {
  return new Refusal(
    `Line ${line} of what came in on standard input has the name of a key in it, and is not NAME=value as env prints it.`,
    'What it means is not guessed, and nothing was done. The environment is needed as it is:',
    `  ${ASK_WITH_ENDS}`,
  );
}

function notCertain(name: Name): Refusal {
  return new Refusal(
    `What ${name} is in ${STANDARD_INPUT} is not certain: it stands there twice, or has more than one line.`,
    'Nothing was done. Let the container say where each value ends:',
    `  ${ASK_WITH_ENDS}`,
  );
}
