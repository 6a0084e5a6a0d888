import * as fc from 'fast-check';

/** The ways in which each part can be given: names of ways by names of parts. */
export type Ways = { readonly [part: string]: readonly string[] };

/** One way for each part. */
export type Combination = { readonly [part: string]: string };

const CANDIDATES = 40;

/**
 * Combinations in which each two ways of two parts meet at least once, unless
 * they exclude each other, and as many more as asked for; the same for the same
 * seed. Greedy: of some random combinations around a pair that is missing, the
 * one with the most of them.
 */
export function pairwise(ways: Ways, excludes: (ways: Combination) => boolean, atLeast: number, seed: number) {
  const missing = new Map(
    pairsOf(ways)
      .filter((pair) => !excludes(pair))
      .map((pair) => [keyOf(pair), pair]),
  );
  const combinations: Combination[] = [];
  const gain = (candidate: Combination) => pairKeys(candidate).filter((key) => missing.has(key)).length;
  while (missing.size > 0 || combinations.length < atLeast) {
    const [pair = {}] = missing.values();
    const candidates = fc.sample(around(pair, ways, excludes), {
      seed: seed + combinations.length,
      numRuns: missing.size > 0 ? CANDIDATES : 1,
    });
    const best = candidates.reduce((one, other) => (gain(other) > gain(one) ? other : one));
    combinations.push(best);
    for (const key of pairKeys(best)) missing.delete(key);
  }
  return combinations;
}

/** A combination that has what is given, and for each other part the first way in a random order that fits. */
function around(given: Combination, ways: Ways, excludes: (ways: Combination) => boolean): fc.Arbitrary<Combination> {
  const inAnyOrder = (names: readonly string[]) => fc.shuffledSubarray([...names], { minLength: names.length });
  return fc
    .record(Object.fromEntries(Object.entries(ways).map(([part, names]) => [part, inAnyOrder(names)])))
    .map((orders) => {
      const chosen: { [part: string]: string } = {};
      for (const [part, names] of Object.entries(orders)) {
        const fits = (name: string) => !excludes({ ...given, ...chosen, [part]: name });
        chosen[part] = given[part] ?? names.find(fits);
      }
      return chosen;
    });
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
