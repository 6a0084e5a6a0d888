import type { Scenario } from '../scenario';
import { dataServices } from './data-services';
import { firstDeployment } from './first-deployment';
import { idle } from './idle';
import { kill } from './kill';
import { licenseArrives } from './license-arrives';
import { maintenance } from './maintenance';
import { restartTime } from './restart-time';
import { restarts } from './restarts';
import { stop } from './stop';
import { twoDeployments } from './two-deployments';
import { twoNodes } from './two-nodes';
import { upgrade } from './upgrade';
import { upgradeDatabase } from './upgrade-database';
import { upgradeFailed } from './upgrade-failed';
import { upgradeKilled } from './upgrade-killed';
import { upgradeScaling } from './upgrade-scaling';
import { wrongSecrets } from './wrong-secrets';

export const scenarios: readonly Scenario[] = [
  firstDeployment,
  twoNodes,
  stop,
  kill,
  restarts,
  restartTime,
  wrongSecrets,
  dataServices,
  idle,
  upgrade,
  upgradeKilled,
  upgradeDatabase,
  upgradeFailed,
  upgradeScaling,
  twoDeployments,
  maintenance,
  licenseArrives,
];
