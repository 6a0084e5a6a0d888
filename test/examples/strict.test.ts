process.env.CDK_VALIDATION = 'true';

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App } from 'aws-cdk-lib';
import { EXAMPLES } from '../../examples';

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'validation-'));
afterAll(() => fs.rmSync(temporary, { recursive: true, force: true }));

test('CloudFormation would take every example', () => {
  const app = new App({ outdir: temporary, context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  // In one app, because the validation costs seconds a process.
  for (const { build } of Object.values(EXAMPLES)) {
    build(app);
  }
  expect(() => app.synth()).not.toThrow();
});
