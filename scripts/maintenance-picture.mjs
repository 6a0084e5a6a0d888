// Draws docs/images/maintenance.svg from the state machine itself, as the handbook shows it. With --check it only looks
// whether the picture is what the definition says.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { instance } from '@viz-js/viz';
import { buildSync } from 'esbuild';

const PICTURE = fileURLToPath(new URL('../docs/images/maintenance.svg', import.meta.url));

const COLOURS = { Succeed: '#dff0df', Fail: '#f6dede', Choice: '#fdf3d8', Wait: '#ececf7' };
const CHANGES = /enableRule|disableRule|modifyTargetGroup|updateService|registerScalableTarget/;

const svg = (await instance())
  .renderString(dot(definition()), { format: 'svg' })
  .replace(/<!--.*?-->\n/gs, '')
  // For those who do not see it.
  .replace(/(<svg[^>]*>\n)/, '$1<title>Maintenance: the states of the state machine</title>\n');
if (process.argv.includes('--check')) {
  if (readFileSync(PICTURE, 'utf8') !== svg) {
    console.error('docs/images/maintenance.svg is not what the definition says: node scripts/maintenance-picture.mjs');
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(PICTURE), { recursive: true });
  writeFileSync(PICTURE, svg);
}

/** Of a fleet and names that no state depends on. */
function definition() {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('../lib/operations/maintenance-definition.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['aws-cdk-lib', 'constructs'],
    write: false,
  });
  const module = { exports: {} };
  const require = createRequire(import.meta.url);
  new Function('module', 'exports', 'require', outputFiles[0].text)(module, module.exports, require);
  return module.exports.maintenanceDefinition({
    fleets: [],
    targetGroupArn: '',
    healthyCodes: '200',
    ruleName: '',
    stackId: '',
  });
}

function dot({ StartAt, States }) {
  const nodes = Object.entries(States).map(([name, state]) => {
    const shape = state.Type === 'Choice' ? 'hexagon' : 'box';
    const fill = changes(state) ? '#dbe9f9' : (COLOURS[state.Type] ?? '#ffffff');
    return `${quoted(name)} [label=${label(name, state)}, shape=${shape}, fillcolor="${fill}"];`;
  });
  const edges = Object.entries(States).flatMap(([name, state]) => [
    ...(state.Next ? [[name, state.Next, '']] : []),
    ...(state.Choices ?? []).map((choice) => [name, choice.Next, reason(choice)]),
    ...(state.Default ? [[name, state.Default, 'else']] : []),
    ...(state.Catch ?? []).map(({ Next, ErrorEquals }) => [name, Next, error(state, ErrorEquals[0]), 'dashed']),
  ]);
  return `digraph {
    rankdir=TB; nodesep=0.25; ranksep=0.35; bgcolor="white";
    node [style="filled,rounded", fontname="Helvetica", fontsize=11, margin="0.2,0.06", color="#666666"];
    edge [fontname="Helvetica", fontsize=9, color="#666666"];
    start [shape=circle, label="", width=0.15, fillcolor="#666666"];
    start -> ${quoted(StartAt)};
    ${nodes.join('\n    ')}
    ${edges.map(([from, to, why, style = 'solid']) => `${quoted(from)} -> ${quoted(to)} [label=${quoted(why)}, style=${style}];`).join('\n    ')}
  }`;
}

/** The name of a state, what it calls, and what is done in it for each fleet. */
function label(name, state) {
  const inner = [state.ItemProcessor, ...(state.Branches ?? [])].filter(Boolean).flatMap(steps);
  const lines = [name, ...(state.Seconds ? [`${state.Seconds} s`] : []), ...inner];
  return quoted(lines.join('\\n'));
}

function steps({ StartAt, States }) {
  const named = [];
  for (let name = StartAt; name && States[name].Type !== 'Succeed'; name = States[name].Next ?? States[name].Default) {
    if (States[name].Type === 'Task') named.push(`· ${name}`);
    named.push(...[States[name].ItemProcessor, ...(States[name].Branches ?? [])].filter(Boolean).flatMap(steps));
  }
  return named;
}

function changes(state) {
  return CHANGES.test(JSON.stringify([state.Resource, state.ItemProcessor]));
}

function reason(choice) {
  const conditions = choice.And ?? choice.Or ?? [choice];
  return [...new Set(conditions.map(said))].join(choice.And ? ' and ' : ' or ');
}

function said({ Variable, IsPresent, StringEquals, StringMatches, Not, And }) {
  if (Not) return `not ${said(Not)}`;
  if (And) return said(And[0]);

  if (Variable === '$.do') return IsPresent === false ? 'none' : StringEquals;
  if (Variable === '$.force') return 'force';
  if (Variable === '$.rule.State') return 'on';
  if (Variable === '$.off') return 'not yet';
  if (Variable === '$.now.Desired') return 'none';
  return StringMatches ?? 'yes';
}

/** After what time a wait is given up, or what has happened. */
function error({ Retry = [] }, name) {
  const retry = Retry.find(({ ErrorEquals }) => ErrorEquals.includes(name));
  return retry ? `after ${(retry.IntervalSeconds * retry.MaxAttempts) / 60} min` : name;
}

function quoted(text) {
  return `"${text.replaceAll('"', '\\"')}"`;
}
