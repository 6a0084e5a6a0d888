import type { Duration } from 'aws-cdk-lib';
import { NODE_PORT, TIMING } from './timing';

export interface LauncherSettings {
  readonly clustered: boolean;
  readonly image: string;
  /** What runs on the database: image and plug-ins. A change of it is an upgrade. */
  readonly generation: string;
  readonly upgradeTries: number;
  readonly allowOnMigratedDatabase?: string;
  readonly allowChangedKeys: boolean;
  readonly processes: number;
  readonly upgradeTimeout: Duration;
}

/** The variables by which the launcher of a node knows what it may do and how long. */
export function launcherSettings(settings: LauncherSettings): { [name: string]: string } {
  const seconds = (duration: Duration) => String(duration.toSeconds());
  return {
    APP_PORT: String(NODE_PORT),
    LAUNCHER_NODES: settings.clustered ? 'many' : 'single',
    LAUNCHER_IMAGE: settings.image,
    LAUNCHER_GENERATION: settings.generation,
    LAUNCHER_UPGRADE_TRIES: String(settings.upgradeTries),
    ...(settings.allowOnMigratedDatabase === undefined
      ? {}
      : { LAUNCHER_ON_MIGRATED_DATABASE: settings.allowOnMigratedDatabase }),
    ...(settings.allowChangedKeys ? { LAUNCHER_CHANGED_KEYS: 'allowed' } : {}),
    LAUNCHER_UPGRADE_TIMEOUT: seconds(settings.upgradeTimeout),
    LAUNCHER_START_TIMEOUT: seconds(TIMING.start),
    LAUNCHER_UNHEALTHY_TIMEOUT: seconds(TIMING.unhealthy),
    LAUNCHER_LEAVE: seconds(TIMING.leave),
    LAUNCHER_DRAIN: seconds(TIMING.drain),
    LAUNCHER_STOP_TIMEOUT: seconds(TIMING.stop),
    LAUNCHER_KEEP_ALIVE: seconds(TIMING.keepAlive),
    ...(settings.processes > 1 ? { CLUSTER_MODE: String(settings.processes) } : {}),
  };
}
