import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');
const HANDBOOK = path.join('docs', 'operations');
const SCRIPTS = path.join(ROOT, 'lib', 'launcher', 'scripts');

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const handbook = readdirSync(path.join(ROOT, HANDBOOK))
  .filter((name) => name.endsWith('.md'))
  .map((name) => path.join(HANDBOOK, name));
const pages = ['README.md', 'CONTRIBUTING.md', ...handbook];

/** As GitHub makes them. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-'),
  );

test.each(pages)('links of %s lead somewhere', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link]) => link);
  const broken = links.filter((link) => {
    const [file, anchor] = link.split('#');
    const target = file === '' ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(ROOT, target))) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(read(target)).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(handbook)('what %s has nodes say, they say', (page) => {
  const scripts = readdirSync(SCRIPTS)
    .map((name) => readFileSync(path.join(SCRIPTS, name), 'utf8'))
    .join('\n')
    // Sentences that are written in several parts.
    .replace(/['`] \+\s+['`]/g, '');
  const lines = [...read(page).matchAll(/^\[launcher\] (.+(?:\n {2}.+)*)/gm)].map(([, line]) => line);
  for (const line of lines) {
    // What a script fills in: names of versions and keys, numbers, moments.
    const said = line
      .replace(/\n */g, ' ')
      .split(
        /"[^"]*"|\d{4}-\d\d-\d\d [\d:.+]+|\b\d+ s\b|…|\bAPP_\w+|is another|are others|\b[A-Z]\w+:\d+\b|[.;:] |[.:;]$/,
      )
      .map((part) => part.trim())
      .filter((part) => part.length > 8);
    expect(said.length).toBeGreaterThan(0);
    for (const part of said) expect(scripts).toContain(part);
  }
});

test('the handbook names commands that there are', () => {
  const usage = read('bin/cdk-nocobase.ts');
  const named = [
    ...new Set(pages.flatMap((page) => [...read(page).matchAll(/npx cdk-nocobase ([\w-]+)/g)].map((m) => m[1]))),
  ];
  expect(named.length).toBeGreaterThan(2);
  for (const name of named) expect(usage).toMatch(new RegExp(`\\b${name}['"]?:|\\b${name},`));
});
