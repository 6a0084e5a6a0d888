import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const ROOT = path.join(__dirname, '../..');
const CDK = path.join(ROOT, 'node_modules/aws-cdk/bin/cdk');

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'command-line-'));
afterAll(() => fs.rmSync(temporary, { recursive: true, force: true }));

/** The CLI as somebody starts it who has no AWS credentials and no network. */
function cdk(...args: string[]) {
  const output = path.join(temporary, 'cdk.out');
  const { status, stdout, stderr } = spawnSync(process.execPath, [CDK, ...args, '--output', output], {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: temporary,
      // Whatever tries to get out finds nobody there.
      HTTPS_PROXY: 'http://127.0.0.1:9',
      HTTP_PROXY: 'http://127.0.0.1:9',
      AWS_EC2_METADATA_DISABLED: 'true',
      CI: 'true',
    },
  });
  return { status, stdout, stderr, output };
}

test('cdk synth makes the whole cluster of the committed cdk.json, without credentials and network', () => {
  const { status, stderr, output } = cdk('synth', '--quiet');
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  const template = JSON.parse(fs.readFileSync(path.join(output, 'NocoBase.template.json'), 'utf8'));
  const types = Object.values<{ Type: string }>(template.Resources).map(({ Type }) => Type);
  for (const type of [
    'AWS::RDS::DBInstance',
    'AWS::ElastiCache::ReplicationGroup',
    'AWS::AmazonMQ::Broker',
    'AWS::EFS::FileSystem',
    'AWS::ECS::Service',
    'AWS::CloudFront::Distribution',
    'Custom::NocoBasePreflight',
  ]) {
    expect(types).toContain(type);
  }
});

test('what is wrong is told without a stack trace, and ends with 1', () => {
  const { status, stderr } = cdk('synth', '--quiet', '-c', 'licence=pending', '-c', 'nocobase.web.maxNodes=60');
  expect(status).toBe(1);
  expect(stderr).toContain('-c licence: there is no such key. Did you mean -c license?');
  expect(stderr).toContain('-c nocobase.web.maxNodes\n    given:   "60"\n    allowed: a whole number from 2 to 16');
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('what the library refuses is told without a stack trace too', () => {
  const { status, stderr } = cdk('synth', '--quiet', '-c', 'nocobase.web.cpu=1025');
  expect(status).toBe(1);
  expect(stderr).toContain('cdk-nocobase [NocoBase/Cluster]: `web.cpu` must be one of');
  expect(stderr).not.toMatch(/^\s+at /m);
});
