import type { Scenario } from '../scenario';
import { dataServices } from './data-services';
import { firstDeployment } from './first-deployment';
import { idle } from './idle';
import { kill } from './kill';
import { restartTime } from './restart-time';
import { restarts } from './restarts';
import { stop } from './stop';
import { twoNodes } from './two-nodes';
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
];
