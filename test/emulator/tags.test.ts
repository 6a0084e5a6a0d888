import { type App, Tags } from 'aws-cdk-lib';
import * as production from '../../examples/production/app';
import { LocalAws } from './local-aws';

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSecret('nocobase-license', 'a licence key');
  await aws.giveHostedZone('Z0123456789ABCDEFGHIJ', 'example.com');
  await aws.bootstrap();
});
afterAll(() => aws?.stop());

const withoutCheck = (ids: { [logicalId: string]: string }) =>
  Object.fromEntries(Object.entries(ids).filter(([id]) => !id.startsWith('NocoBasePreflightCheck')));

test('the tags of all resources of a cluster change in place', async () => {
  const owned = (owner: string) => (app: App) => {
    production.build(app);
    // The tags of a stack itself cannot change here.
    Tags.of(app).add('owner', owner, { excludeResourceTypes: ['aws:cdk:stack'] });
  };
  await aws.deploy(aws.synthesize(owned('ada')));
  const before = await aws.physicalIds('Production');
  await aws.deploy(aws.synthesize(owned('bob')));
  const after = await aws.physicalIds('Production');
  expect(withoutCheck(after)).toEqual(withoutCheck(before));
  // A change of tags would disable the rule that says that maintenance is on, so it is refused then.
  expect(Object.keys(after)).not.toEqual(Object.keys(before));
});
