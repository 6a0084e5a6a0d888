import { Refusal } from '../refusal';
import { ASK_THE_CONTAINER } from './container';
import { assignedWithin, mentionsKey } from './names';

/** As NocoBase (dotenv) and Docker Compose know it. */
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)(?:\s*=|:\s)(.*)$/s;

const COMMENT_OR_EMPTY = /^\s*(?:#|$)/;

/** Whoever starts NocoBase has the value. */
const NAME_ALONE = /^\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*$/;

/** What people write into a file of variables: their values as they are written. */
export function writtenVariables(text: string, file: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r\n?|\n/);
  const variables = new Map<string, string>();
  const within: [number, string][] = [];
  let lastQuoted = -1;
  for (const [at, line] of lines.entries()) {
    if (at <= lastQuoted) {
      // `docker run` takes it for a variable, NocoBase for a part of a value.
      if (mentionsKey(line)) throw notUnderstood(at + 1, file);
      continue;
    }
    if (COMMENT_OR_EMPTY.test(line)) continue;
    const [, name, value] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined) {
      if (NAME_ALONE.test(line) && !mentionsKey(line)) continue;
      throw notUnderstood(at + 1, file);
    }
    // Of several the last one counts, everywhere.
    variables.set(name, value!);
    within.push(...assignedWithin(line).map((inner): [number, string] => [at + 1, inner]));
    lastQuoted = lastLine(lines, at, value!);
  }
  // As in `Environment=APP_KEY=…` of systemd. Where the key is set anyway, it is but talked of.
  const hidden = within.find(([, name]) => !variables.has(name));
  if (hidden !== undefined) throw insideAnother(...hidden, file);
  if (variables.size === 0) throw nothingIn(file);
  return variables;
}

/** Of a value in quotes, which may have several. */
function lastLine(lines: readonly string[], first: number, value: string): number {
  const quote = /^\s*(["'`])/.exec(value)?.[1];
  if (quote === undefined) return first;
  const closes = (text: string) => text.replace(/\\./g, '').includes(quote);
  if (closes(value.trimStart().slice(1))) return first;
  for (let at = first + 1; at < lines.length; at += 1) {
    if (closes(lines[at]!)) return at;
  }
  return first;
}

/** The line is not repeated: it may hold a key. */
function notUnderstood(line: number, file: string): Refusal {
  return new Refusal(
    `Line ${line} of ${file} is neither NAME=value nor a comment, and may decide what key NocoBase has.`,
    ...WAYS_OUT,
  );
}

function insideAnother(line: number, name: string, file: string): Refusal {
  return new Refusal(
    `Line ${line} of ${file} has ${name} inside another variable, and ${name} itself is not set there.`,
    ...WAYS_OUT,
  );
}

function nothingIn(file: string): Refusal {
  return new Refusal(`${file} sets no variable, so nothing is known of how NocoBase was started.`, ...WAYS_OUT);
}

const WAYS_OUT = [
  'What it means is not guessed, and nothing was done. In Docker, ask the container:',
  `  ${ASK_THE_CONTAINER}`,
  'Elsewhere name a file of NAME=value lines with what NocoBase is started with.',
];
