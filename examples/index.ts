// Every example by its folder, for what is done with each of them: tests, `npm run deploy:local`, `npm run rehearse`.
import type { App } from 'aws-cdk-lib';
import * as aurora from './aurora/app';
import * as companyRules from './company-rules/app';
import * as everythingExisting from './everything-existing/app';
import * as existingApp from './existing-app/app';
import * as firewall from './firewall/app';
import * as instances from './instances/app';
import * as minimal from './minimal/app';
import * as movedIn from './moved-in/app';
import * as noWayOut from './no-way-out/app';
import * as ownImage from './own-image/app';
import * as production from './production/app';
import * as redisPerFunction from './redis-per-function/app';
import * as redisQueue from './redis-queue/app';
import * as sharedLoadBalancer from './shared-load-balancer/app';
import * as splitStacks from './split-stacks/app';

export const EXAMPLES: { readonly [folder: string]: { build(app: App): unknown } } = {
  minimal,
  production,
  'existing-app': existingApp,
  'no-way-out': noWayOut,
  instances,
  aurora,
  'moved-in': movedIn,
  'redis-per-function': redisPerFunction,
  'redis-queue': redisQueue,
  'shared-load-balancer': sharedLoadBalancer,
  firewall,
  'own-image': ownImage,
  'company-rules': companyRules,
  'split-stacks': splitStacks,
  'everything-existing': everythingExisting,
};
