import type { Scenario } from '../scenario';
import { seconds } from '../waiting';

const ROUNDS = 2;

export const restartTime: Scenario = {
  number: 6,
  title: 'a restart at the same version',
  async run({ cluster, say, expect }) {
    const [first] = await cluster.serve(1);
    cluster.lose(first);
    const times = { stock: [] as number[], library: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const command of ['stock', 'library'] as const) {
        say(`A node starts with ${command === 'stock' ? "the image's own command" : "the library's"} …`);
        const began = performance.now();
        const node = await cluster.startNode({ stock: command === 'stock' });
        await cluster.healthy(node);
        times[command].push(performance.now() - began);
        cluster.lose(node);
      }
    }
    const [stock, library] = [Math.min(...times.stock), Math.min(...times.library)];
    expect(
      "the library's start is healthy no later than the image's own",
      `${seconds(library)} and ${seconds(stock)}, a ratio of ${(library / stock).toFixed(2)}`,
      // Health is asked for every five seconds.
      library < stock + cluster.balancing.interval,
    );
  },
};
