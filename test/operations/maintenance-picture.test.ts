import { execFileSync } from 'node:child_process';
import * as path from 'node:path';

test('the picture in the handbook is what the definition says', () => {
  const root = path.join(__dirname, '../..');
  const script = path.join(root, 'scripts/maintenance-picture.mjs');
  expect(() => execFileSync(process.execPath, [script, '--check'], { cwd: root, stdio: 'pipe' })).not.toThrow();
});
