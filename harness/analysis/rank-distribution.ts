/**
 * The exact distribution of the rank statistic where nothing differs: every way of dealing a stratum's ranks out to
 * the two sides is as likely as every other.
 *
 * The statistic of a stratum is twice Mann and Whitney's U: over all pairs, 2 where the candidate's figure is the
 * greater and 1 where they are equal. Over strata it is the weighted sum. All whole numbers.
 * Source: Lehmann, *Nonparametrics: Statistical Methods Based on Ranks*, sections 1.2 and 1.4 (ties).
 */
import type { WeightedStratum } from './strata.ts';

/** Probabilities of 0, 1, 2, … */
export type Distribution = Float64Array;

/** Pairs of a stratum without ties up to which the distribution is enumerated; it is kept and used again. */
const MOST_PAIRS = 1600;
/** The same of all strata where there are ties: these have a distribution of their own each time. */
const MOST_PAIRS_WITH_TIES = 225;
/** Values of the weighted sum up to which the strata's distributions are joined. */
const MOST_VALUES = 100_000;

/** Twice the ranks of all figures of a stratum, tied ones with their mean rank, in ascending order. */
export function doubledRanks({ base, candidate }: Pick<WeightedStratum, 'base' | 'candidate'>): {
  readonly ranks: readonly number[];
  /** Sizes of the groups of equal figures. */
  readonly ties: readonly number[];
} {
  const all = [...base, ...candidate].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const ranks: number[] = [];
  const ties: number[] = [];
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to] === all[from]) to += 1;
    for (let i = from; i < to; i += 1) ranks.push(from + to + 1);
    ties.push(to - from);
    from = to;
  }
  return { ranks, ties };
}

/** The statistic of one stratum, from 0 to 2·m·n. */
export function doubledU({ base, candidate }: Pick<WeightedStratum, 'base' | 'candidate'>): number {
  let below = 0;
  let notAbove = 0;
  let sum = 0;
  for (const value of candidate) {
    while (below < base.length && (base[below] as number) < value) below += 1;
    while (notAbove < base.length && (base[notAbove] as number) <= value) notAbove += 1;
    sum += below + notAbove;
  }
  return sum;
}

/** How the sum of `count` of the ranks is distributed, less the least that it can be without ties. */
function dealt(ranks: readonly number[], count: number): Distribution {
  const least = count * (count + 1);
  const size = 2 * count * (ranks.length - count) + least + 1;
  // ways[k × size + s]: in how many ways k ranks sum to s. Sums of positive numbers: nothing cancels.
  const ways = new Float64Array((count + 1) * size);
  ways[0] = 1;
  let highest = 0;
  for (const [index, rank] of ranks.entries()) {
    highest += rank;
    const top = Math.min(highest, size - 1);
    for (let k = Math.min(count, index + 1); k >= 1; k -= 1) {
      const to = k * size;
      const from = to - size - rank;
      for (let s = top; s >= rank; s -= 1) {
        const before = ways[from + s] as number;
        if (before !== 0) ways[to + s] = (ways[to + s] as number) + before;
      }
    }
  }
  const all = ways.slice(count * size + least, (count + 1) * size);
  let total = 0;
  for (const value of all) total += value;
  return all.map((value) => value / total);
}

function joined(one: Distribution, other: Distribution, weight: number): Distribution {
  const result = new Float64Array(one.length + weight * (other.length - 1));
  for (const [j, q] of other.entries()) {
    if (q === 0) continue;
    const shift = weight * j;
    for (let i = 0; i < one.length; i += 1) {
      result[shift + i] = (result[shift + i] as number) + q * (one[i] as number);
    }
  }
  return result;
}

const untied = new Map<string, Distribution>();
const untiedSums = new Map<string, Distribution>();
/** A program that compares many runs must not keep everything. */
const MOST_KEPT = 500;

function kept(
  store: Map<string, Distribution>,
  key: string,
  make: () => Distribution,
): Distribution {
  const known = store.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (store.size >= MOST_KEPT) store.clear();
  store.set(key, made);
  return made;
}

function untiedStratum(m: number, n: number): Distribution {
  return kept(untied, `${m}/${n}`, () =>
    dealt(
      Array.from({ length: m + n }, (_, index) => 2 * (index + 1)),
      n,
    ),
  );
}

/** The values that the weighted sum can take, from 0 to this. */
export function greatestSum(strata: readonly WeightedStratum[]): number {
  let sum = 0;
  for (const { base, candidate, weight } of strata) {
    sum += 2 * weight * base.length * candidate.length;
  }
  return sum;
}

function sumOf(
  strata: readonly WeightedStratum[],
  each: (stratum: WeightedStratum) => Distribution,
): Distribution {
  return strata.reduce<Distribution>(
    (sum, stratum) => joined(sum, each(stratum), stratum.weight),
    Float64Array.of(1),
  );
}

/** The distribution for figures without ties; `undefined` where it would take too long: use the normal one. */
export function untiedDistribution(strata: readonly WeightedStratum[]): Distribution | undefined {
  if (greatestSum(strata) > MOST_VALUES) return undefined;
  if (strata.some(({ base, candidate }) => base.length * candidate.length > MOST_PAIRS)) {
    return undefined;
  }
  const key = strata
    .map(({ base, candidate, weight }) => `${base.length}/${candidate.length}×${weight}`)
    .join(' ');
  return kept(untiedSums, key, () =>
    sumOf(strata, ({ base, candidate }) => untiedStratum(base.length, candidate.length)),
  );
}

/** The distribution for these figures, with the ties that they have; `undefined` as above. */
export function tiedDistribution(strata: readonly WeightedStratum[]): Distribution | undefined {
  const ranked = new Map(strata.map((stratum) => [stratum, doubledRanks(stratum)]));
  const isTied = (stratum: WeightedStratum) =>
    (ranked.get(stratum)?.ties ?? []).some((size) => size > 1);
  if (!strata.some(isTied)) return untiedDistribution(strata);
  if (greatestSum(strata) > MOST_VALUES) return undefined;
  const pairs = strata.map(({ base, candidate }) => base.length * candidate.length);
  if (pairs.reduce((sum, count) => sum + count, 0) > MOST_PAIRS_WITH_TIES) return undefined;
  return sumOf(strata, (stratum) =>
    isTied(stratum)
      ? dealt(ranked.get(stratum)?.ranks ?? [], stratum.candidate.length)
      : untiedStratum(stratum.base.length, stratum.candidate.length),
  );
}

/** Mean and standard deviation of the weighted sum under the same hypothesis; ties make the deviation smaller. */
export function sumMoments(
  strata: readonly WeightedStratum[],
  withTies: boolean,
): { readonly mean: number; readonly deviation: number } {
  let mean = 0;
  let variance = 0;
  for (const stratum of strata) {
    const m = stratum.base.length;
    const n = stratum.candidate.length;
    const size = m + n;
    mean += stratum.weight * m * n;
    let tied = 0;
    if (withTies) for (const t of doubledRanks(stratum).ties) tied += t ** 3 - t;
    // Four times the variance of U: the statistic is twice U.
    variance += stratum.weight ** 2 * ((m * n) / 3) * (size + 1 - tied / (size * (size - 1)));
  }
  return { mean, deviation: Math.sqrt(Math.max(0, variance)) };
}
