/**
 * What synthesis of examples/minimal costs against the same resources written
 * directly with aws-cdk-lib: user CPU of one process each, in turns, as the
 * ratio of the medians. Exits with 1 above the ratio the project allows itself.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const ALLOWED_RATIO = 1.5;
const ROUNDS = 9;
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const work = mkdtempSync(path.join(tmpdir(), 'cdk-nocobase-benchmark-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

compile();
const library = { name: 'with the library', program: 'examples/minimal/app.js', times: [] };
const direct = { name: 'written directly', program: 'test/benchmark/direct.js', times: [] };
for (let round = 0; round <= ROUNDS; round++) {
  for (const contender of [library, direct]) {
    const seconds = synthesize(contender.program);
    // The first round warms the file cache up.
    if (round > 0) {
      contender.times.push(seconds);
    }
  }
  process.stderr.write(`\rround ${round} of ${ROUNDS}`);
}
process.stderr.write('\n');
compareResources();

for (const { name, times } of [library, direct]) {
  console.log(
    `${name}: ${median(times).toFixed(3)} s of user CPU (${Math.min(...times).toFixed(3)}–${Math.max(...times).toFixed(3)})`,
  );
}
const ratio = median(library.times) / median(direct.times);
console.log(`ratio: ${ratio.toFixed(2)}, allowed: ${ALLOWED_RATIO}`);
process.exitCode = ratio <= ALLOWED_RATIO ? 0 : 1;

/** Both are measured as compiled JavaScript, without the cost of a compiler. */
function compile() {
  const sources = ['lib', 'examples/minimal', 'test/benchmark'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => path.join(ROOT, folder, file)),
  );
  buildSync({
    entryPoints: sources,
    outbase: ROOT,
    outdir: work,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
  });
  for (const asset of ['lib/launcher/bundle', 'lib/preflight/bundle']) {
    cpSync(path.join(ROOT, asset), path.join(work, asset), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(work, 'node_modules'));
}

function synthesize(program) {
  const measure =
    "process.on('exit', () => require('node:fs').writeSync(1, String(process.resourceUsage().userCPUTime)));";
  const output = execFileSync(process.execPath, ['-e', `${measure} require('./${program}');`], {
    cwd: work,
    env: { ...process.env, CDK_VALIDATION: 'false', CDK_OUTDIR: outdir(program) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return Number(output.toString()) / 1e6;
}

/** The comparison is fair as long as both make the same. */
function compareResources() {
  const [ours, theirs] = [library, direct].map(({ program }) => {
    const template = readdirSync(outdir(program)).find((file) => file.endsWith('.template.json'));
    const types = Object.values(JSON.parse(readFileSync(path.join(outdir(program), template), 'utf8')).Resources).map(
      ({ Type }) => Type,
    );
    return types.sort();
  });
  const differences = [...new Set([...ours, ...theirs])].filter(
    (type) => ours.filter((other) => other === type).length !== theirs.filter((other) => other === type).length,
  );
  if (differences.length > 0) {
    console.log(`not comparable: the numbers of these differ: ${differences.join(', ')}`);
    process.exit(1);
  }
  console.log(`${ours.length} resources each`);
}

function outdir(program) {
  return path.join(work, 'out', path.dirname(program).replaceAll('/', '-'));
}

function median(times) {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
}
