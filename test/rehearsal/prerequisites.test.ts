import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { installPrerequisites } from './prerequisites';

const { platform } = process;
const { PATH } = process.env;

afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform });
  process.env.PATH = PATH;
});

test('where it cannot run, it says where it can', async () => {
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  await expect(installPrerequisites(() => {})).rejects.toThrow(/this is darwin\..*Debian or Ubuntu/);
});

test('without a package manager that it knows, it names what is missing', async () => {
  const programs = fs.mkdtempSync(path.join(os.tmpdir(), 'programs-'));
  process.env.PATH = programs;
  await expect(installPrerequisites(() => {})).rejects.toThrow(/needs .*redis-server.*apt-get install .*redis-server/);
  fs.rmSync(programs, { recursive: true });
});
