/**
 * By how much one side's figures are greater: the Hodges-Lehmann estimate, and the interval of shifts that the
 * stratified rank test does not reject. On logarithms a shift is a ratio.
 *
 * The estimate is the weighted median of all differences between a candidate's and a base's figure of one stratum.
 * The interval's ends are two of those differences, and it is closed: with ties it covers more, never less.
 * Sources: Hodges & Lehmann 1963; Lehmann, *Nonparametrics*, sections 2.3 to 2.5.
 */
import { normalQuantile } from './normal.ts';
import { sumMoments, untiedDistribution } from './rank-distribution.ts';
import { weighted, type Stratum, type WeightedStratum } from './strata.ts';

export interface Shift {
  /** ±Infinity where too many figures are censored to say how much; `undefined` where not even the direction is known. */
  readonly estimate: number | undefined;
  /** Absent where there are too few figures for the confidence; an end may be infinite. */
  readonly interval?: { readonly low: number; readonly high: number };
}

/**
 * @param confidence of the interval, as a fraction; it covers at least that (exactly enumerated) or about that.
 * @returns `undefined` where no stratum has both sides.
 */
export function hodgesLehmann(given: readonly Stratum[], confidence = 0.95): Shift | undefined {
  const strata = weighted(given);
  if (strata.length === 0) return undefined;
  let total = 0;
  for (const { base, candidate, weight } of strata) {
    total += weight * base.length * candidate.length;
  }
  const middles = [total / 2, total / 2 + 0.25].map((target) => quantile(strata, target, 0.5));
  const [low = 0, high = 0] = middles;
  const estimate = low === high ? low : low + (high - low) / 2;
  const cut = criticalValue(strata, (1 - confidence) / 2);
  return {
    estimate: Number.isNaN(estimate) ? undefined : estimate,
    ...(cut === undefined
      ? {}
      : {
          interval: {
            low: quantile(strata, cut + 1, 1),
            high: quantile(strata, total - cut, 0),
          },
        }),
  };
}

/** The greatest whole c with P(T ≤ c) ≤ tail, T the weighted sum of U without ties; `undefined` where there is none. */
function criticalValue(strata: readonly WeightedStratum[], tail: number): number | undefined {
  const distribution = untiedDistribution(strata);
  if (distribution === undefined) {
    const { mean, deviation } = sumMoments(strata, false);
    const step = Math.min(...strata.map(({ weight }) => weight));
    const cut = Math.floor((mean + normalQuantile(tail) * deviation - step) / 2);
    return cut < 0 ? undefined : cut;
  }
  let below = 0;
  let cut: number | undefined;
  // The distribution is of twice the sum: without ties, of even numbers only.
  for (let i = 0; i < distribution.length; i += 2) {
    below += distribution[i] ?? 0;
    // A tail that is meant to be met exactly must not be missed by rounding.
    if (below > tail * (1 + 1e-12)) break;
    cut = i / 2;
  }
  return cut;
}

/**
 * The least difference d of a pair for which the weight of all pairs with a difference ≤ d reaches `target`.
 *
 * Counts instead of sorting: a pair of samples of 5,000 has 25 million differences.
 * @param share what a pair of two censored figures counts for at every d: their difference is anything.
 */
function quantile(strata: readonly WeightedStratum[], target: number, share: number): number {
  const reached = (shift: number) => weightUpTo(strata, shift, share) >= target;
  if (reached(-Infinity)) return -Infinity;
  let low = Infinity;
  let high = -Infinity;
  for (const { base, candidate } of strata) {
    const finiteBase = base.filter(Number.isFinite);
    const finiteCandidate = candidate.filter(Number.isFinite);
    const least = finiteCandidate[0];
    const most = finiteCandidate.at(-1);
    if (least === undefined || most === undefined || finiteBase.length === 0) continue;
    low = Math.min(low, least - (finiteBase.at(-1) ?? 0));
    high = Math.max(high, most - (finiteBase[0] ?? 0));
  }
  if (low > high || !reached(high)) return Infinity;
  if (reached(low)) return low;
  while (high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high), 1e-3)) {
    const middle = low + (high - low) / 2;
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return nextDifference(strata, low);
}

/** The weight of the pairs whose difference is ≤ shift. */
function weightUpTo(strata: readonly WeightedStratum[], shift: number, share: number): number {
  let sum = 0;
  for (const { base, candidate, weight } of strata) {
    let finite = base.length;
    while (finite > 0 && base[finite - 1] === Infinity) finite -= 1;
    // base[from] is the first with candidate − base ≤ shift.
    let from = 0;
    for (const value of candidate) {
      if (value === Infinity) {
        sum += weight * share * (base.length - finite);
        continue;
      }
      if (shift === -Infinity) from = finite;
      else while (from < finite && value - (base[from] as number) > shift) from += 1;
      sum += weight * (base.length - from);
    }
  }
  return sum;
}

/** The least difference of finite figures above a bound. */
function nextDifference(strata: readonly WeightedStratum[], bound: number): number {
  let next = Infinity;
  for (const { base, candidate } of strata) {
    // base[to] is the first with candidate − base ≤ bound: the one before it has the least difference above.
    let to = 0;
    for (const value of candidate) {
      if (value === Infinity) break;
      while (to < base.length && value - (base[to] as number) > bound) to += 1;
      const before = base[to - 1];
      if (before !== undefined && before !== Infinity) next = Math.min(next, value - before);
    }
  }
  return next;
}
