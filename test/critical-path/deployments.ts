import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { parseConfiguration } from '../../bin/configuration';
import { NocoBaseStack } from '../../bin/stack';
import cdkJson from '../../cdk.json';
import { EXAMPLES } from '../../examples';
import type { Template } from './template';

export type Build = (app: App) => unknown;

const { nocobase, ...flags } = cdkJson.context;

/** What there is to deploy here: the app with its cdk.json, and the examples. */
export const DEPLOYMENTS: { readonly [name: string]: Build } = {
  app: app({}),
  ...Object.fromEntries(Object.entries(EXAMPLES).map(([folder, { build }]) => [folder, build])),
};

/** Those whose deployment the library alone decides, so that it is reckoned what they wait on. */
export const RECKONED: typeof DEPLOYMENTS = Object.fromEntries(
  ['app', 'minimal', 'production', 'existing-app'].map((name) => [name, DEPLOYMENTS[name]]),
);

/** The app with something changed about its configuration. */
export function app(changes: object): Build {
  return (scope) => new NocoBaseStack(scope, parseConfiguration({ nocobase: { ...nocobase, ...changes } }));
}

/** The templates of an app by the names of their stacks, as `cdk synth` makes them here. */
export function templatesOf(build: Build): { [stack: string]: Template } {
  // It takes seconds, and is the subject of npm run test:strict.
  process.env.CDK_VALIDATION ??= 'false';
  const outdir = mkdtempSync(join(tmpdir(), 'critical-path-'));
  try {
    const scope = new App({ outdir, context: { ...flags, 'aws:cdk:enable-path-metadata': true } });
    build(scope);
    return Object.fromEntries(scope.synth().stacks.map(({ stackName, template }) => [stackName, template]));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
