import * as path from 'node:path';
import { environmentFor } from './emulator';

export const CHECKOUT = path.join(__dirname, '..', '..');
/** The only account of the local AWS. */
export const ACCOUNT = '123456789012';

/** How to run the CDK CLI of this repository: `node` with these arguments. */
export function cdkArguments(...args: string[]): string[] {
  return [path.join(CHECKOUT, 'node_modules', 'aws-cdk', 'bin', 'cdk'), '--no-notices', ...args];
}

/** The environment for it: as it is, but with the local AWS in the place of all others. */
export function cdkEnvironment(url: string, region: string): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(others),
    ...environmentFor(url, region),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    // Docker itself would push images to AWS.
    CDK_DOCKER: path.join(__dirname, 'docker.cjs'),
  };
}
