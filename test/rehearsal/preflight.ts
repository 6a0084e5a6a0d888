import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { FakeAws } from '../preflight/fake-aws';
import type { Assembly } from './assembly';

const BUNDLE = path.join(__dirname, '../../lib/preflight/bundle/index.js');

/** Lets the Lambda of the preflight check look at the Secrets of an assembly. @returns its sentence, if it refuses */
export async function preflight(assembly: Assembly): Promise<string | undefined> {
  const aws = new FakeAws();
  await aws.start();
  try {
    const { Checks } = assembly.only('Custom::NocoBasePreflight');
    for (const { SecretArn } of Checks) {
      const text = assembly.secretValue(SecretArn);
      if (text !== undefined) aws.secret(SecretArn, { text });
    }
    const { Status, Reason } = await invoke(aws, {
      RequestType: 'Create',
      ResponseURL: `${aws.url}/answer`,
      StackId: 'arn:aws:cloudformation:eu-central-1:123456789012:stack/Rehearsal/1',
      RequestId: 'rehearsal',
      LogicalResourceId: 'Preflight',
      ResourceProperties: { Checks },
    });
    return Status === 'SUCCESS' ? undefined : Reason;
  } finally {
    await aws.stop();
  }
}

async function invoke(aws: FakeAws, event: object): Promise<{ Status: string; Reason?: string }> {
  const main = `require(${JSON.stringify(BUNDLE)}).handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 40000 });`;
  const child = spawn(process.execPath, ['-e', main], {
    stdio: 'ignore',
    env: aws.environment,
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (aws.answers.length === 0) throw new Error(`The preflight function ended with ${code} and gave no answer.`);
  return JSON.parse(aws.answers[0].body);
}
