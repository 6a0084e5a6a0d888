import type { Aws } from '../operations/aws';
import type { Cluster } from '../operations/cluster';
import type { Options } from '../operations/options';
import type { Terminal } from '../operations/terminal';

/** What a restore is about. */
export interface Context {
  readonly aws: Aws;
  readonly io: Terminal;
  readonly cluster: Cluster;
  readonly options: Options;
  /** To what the database goes back. */
  readonly point: Date;
  /** Identifier of the instance, before and after. */
  readonly instance: string;
  /** What the instance of today will be called. */
  readonly kept: string;
}

/** How far a restore has come. */
export enum Stage {
  /** Nothing was changed. */
  NEW = 'new',
  /** Nodes are being stopped, or have been; the instance is what it was. */
  STOPPING = 'stopping',
  /** The instance has, or gets, its other name. */
  RENAMING = 'renaming',
  /** The restored instance is there, or is being made. */
  RESTORED = 'restored',
  /** And nodes run again. */
  DONE = 'done',
}
