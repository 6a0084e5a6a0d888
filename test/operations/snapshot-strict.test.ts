process.env.CDK_VALIDATION = 'true';

import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ClusterPlugins, Database, NocoBaseCluster } from '../../lib';

test('a snapshot before an upgrade passes all validators', () => {
  const app = new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
  new NocoBaseCluster(new Stack(app, 'Prod'), 'NocoBase', {
    plugins: ClusterPlugins.preinstalled(),
    database: Database.postgres({ snapshotBeforeUpgrade: true }),
  });
  expect(() => app.synth()).not.toThrow();
});
