/**
 * Whether one side's figures tend to be greater: van Elteren's test, a Wilcoxon-Mann-Whitney test within strata. With
 * one stratum it is the Mann-Whitney test.
 *
 * Exact for these figures and their ties where that can be enumerated, else the normal approximation with correction
 * for ties and continuity. No assumption about the distribution; drift between strata does not matter.
 * Sources: van Elteren 1960; Lehmann, *Nonparametrics*, sections 1.2 to 1.4 and 3.3.
 */
import { normalCdf } from './normal.ts';
import {
  doubledU,
  greatestSum,
  sumMoments,
  tiedDistribution,
  type Distribution,
} from './rank-distribution.ts';
import { weighted, type Stratum } from './strata.ts';

export interface RankTest {
  /** Two-sided: twice the smaller tail, at most 1. */
  readonly p: number;
  /** The least p that so many figures could give, were all of one side above all of the other. */
  readonly smallestP: number;
  readonly method: 'exact' | 'normal';
  /** Strata that have both sides. */
  readonly strata: number;
  /** How likely a figure of the candidate is to be above one of the base, ties as half, from 0 to 1. */
  readonly superiority: number;
}

/** The test; `undefined` where no stratum has both sides. */
export function stratifiedRankTest(given: readonly Stratum[]): RankTest | undefined {
  const strata = weighted(given);
  if (strata.length === 0) return undefined;
  let statistic = 0;
  for (const stratum of strata) statistic += stratum.weight * doubledU(stratum);
  const greatest = greatestSum(strata);
  const distribution = tiedDistribution(strata);
  return {
    p: distribution === undefined ? normalP(strata, statistic) : exactP(distribution, statistic),
    smallestP: smallestP(strata),
    method: distribution === undefined ? 'normal' : 'exact',
    strata: strata.length,
    superiority: statistic / greatest,
  };
}

function exactP(distribution: Distribution, statistic: number): number {
  let below = 0;
  let above = 0;
  for (let i = 0; i <= statistic; i += 1) below += distribution[i] ?? 0;
  for (let i = distribution.length - 1; i >= statistic; i -= 1) above += distribution[i] ?? 0;
  return Math.min(1, 2 * Math.min(below, above));
}

function normalP(strata: ReturnType<typeof weighted>, statistic: number): number {
  const { mean, deviation } = sumMoments(strata, true);
  if (deviation === 0) return 1;
  // Half a pair, on the scale of twice U.
  const continuity = Math.min(...strata.map(({ weight }) => weight));
  const distance = Math.max(0, Math.abs(statistic - mean) - continuity);
  return Math.min(1, 2 * normalCdf(-distance / deviation));
}

function smallestP(strata: ReturnType<typeof weighted>): number {
  let logWays = 0;
  for (const { base, candidate } of strata) {
    const size = base.length + candidate.length;
    for (let i = 1; i <= candidate.length; i += 1) {
      logWays += Math.log((size - candidate.length + i) / i);
    }
  }
  return Math.min(1, 2 * Math.exp(-logWays));
}
