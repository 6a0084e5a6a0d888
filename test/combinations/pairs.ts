/** The ways in which each part can be given: names of ways by names of parts. */
export type Ways = { readonly [part: string]: readonly string[] };

/** One way for each part. */
export type Combination = { readonly [part: string]: string };

/** Numbers from 0 to below `limit`, the same for the same seed. */
export type Random = (limit: number) => number;

const CANDIDATES = 40;

/**
 * Combinations in which each two ways of two parts meet at least once, unless
 * they exclude each other, and as many more as asked for. Greedy: of some random
 * combinations around a pair that is missing, the one with the most of them.
 */
export function pairwise(ways: Ways, excludes: (pair: Combination) => boolean, atLeast: number, random: Random) {
  const missing = new Map(
    pairsOf(ways)
      .filter((pair) => !excludes(pair))
      .map((pair) => [keyOf(pair), pair]),
  );
  const combinations: Combination[] = [];
  const take = (combination: Combination) => {
    combinations.push(combination);
    for (const key of pairKeys(combination)) missing.delete(key);
  };
  const gain = (candidate: Combination) => pairKeys(candidate).filter((key) => missing.has(key)).length;
  while (missing.size > 0 || combinations.length < atLeast) {
    const [pair = {}] = missing.values();
    const candidates = Array.from({ length: missing.size > 0 ? CANDIDATES : 1 }, () =>
      around(pair, ways, excludes, random),
    );
    take(candidates.reduce((best, candidate) => (gain(candidate) > gain(best) ? candidate : best)));
  }
  return combinations;
}

/** A random combination that has what is given. */
function around(given: Combination, ways: Ways, excludes: (pair: Combination) => boolean, random: Random): Combination {
  const parts = Object.keys(ways).filter((part) => !(part in given));
  for (;;) {
    const chosen: { [part: string]: string } = { ...given };
    for (const part of parts) {
      const fitting = ways[part].filter(
        (name) =>
          !Object.entries(chosen).some(([other, way]) => excludes(inOrder(ways, { [part]: name, [other]: way }))),
      );
      if (fitting.length === 0) break;
      chosen[part] = fitting[random(fitting.length)];
    }
    if (Object.keys(chosen).length === Object.keys(ways).length) return inOrder(ways, chosen);
  }
}

function inOrder(ways: Ways, combination: Combination): Combination {
  return Object.fromEntries(
    Object.keys(ways)
      .filter((part) => part in combination)
      .map((part) => [part, combination[part]]),
  );
}

/** Each two ways of two parts. */
export function pairsOf(ways: Ways): Combination[] {
  const parts = Object.keys(ways);
  return parts.flatMap((one, index) =>
    parts
      .slice(index + 1)
      .flatMap((other) =>
        ways[one].flatMap((name) => ways[other].map((otherName) => ({ [one]: name, [other]: otherName }))),
      ),
  );
}

export function keyOf(combination: Combination): string {
  return Object.entries(combination)
    .map(([part, name]) => `${part}=${name}`)
    .join(' ');
}

export function pairKeys(combination: Combination): string[] {
  const single: Ways = Object.fromEntries(Object.entries(combination).map(([part, name]) => [part, [name]]));
  return pairsOf(single).map(keyOf);
}

/** Mulberry32: enough for a choice, and the same everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
