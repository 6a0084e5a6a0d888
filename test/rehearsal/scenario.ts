import type { Cluster } from './cluster';

/** What happens to a cluster, and what is expected of it. */
export interface Scenario {
  /** As in `--only`. */
  readonly number: number;
  readonly title: string;
  run(stage: Stage): Promise<void>;
}

/** Where a scenario is played. */
export interface Stage {
  /** Its data services run; nodes may have been left by the scenario before. */
  readonly cluster: Cluster;
  /** Tells who is watching. */
  say(line: string): void;
  /** Writes down what was seen. */
  expect(expectation: string, measured: string, isGood: boolean): void;
}
