import { App } from 'aws-cdk-lib';
import { parseConfiguration } from './configuration';
import { told } from './failure';
import { NocoBaseStack } from './stack';

try {
  const app = new App({ autoSynth: false });
  // The CLI falls back to us-east-1 where there are no credentials. A stack for no region in particular is better then.
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  new NocoBaseStack(app, parseConfiguration(app.node.getAllContext(), account ? { account, region } : {}));
  app.synth();
} catch (error) {
  console.error(told(error));
  process.exitCode = 1;
}
