import { Refusal } from './refusal';

/** A command of `cdk-nocobase`. */
export interface Command {
  /** One line of the list of commands. */
  readonly summary: string;
  /** Does it, and resolves to the exit code. */
  run(args: readonly string[]): Promise<number>;
}

/** @param work does what was asked, and resolves to false where that is to be told about the command */
export function command(summary: string, help: string, work: (args: readonly string[]) => Promise<boolean>): Command {
  return {
    summary,
    async run(args) {
      try {
        if (!(await work(args))) process.stdout.write(help);
        return 0;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        process.stderr.write(`${error.message}\n`);
        return 1;
      }
    },
  };
}
