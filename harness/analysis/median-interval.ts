/**
 * The order-statistic interval of a median: exact, free of assumptions about the distribution.
 *
 * Of n independent figures the number below the population's median is binomial(n, 1/2), so the interval from the
 * r-th smallest to the r-th largest covers it with probability 1 − 2·P(B ≤ r − 1).
 * Source: David & Nagaraja, *Order Statistics*, 3rd ed., section 7.1; R's `DescTools::MedianCI(method = "exact")`.
 */
import { compareFigures, type Figure } from './censored.ts';

/** What to print in place of an interval below that. */
export const N_TOO_SMALL = 'n too small';

export interface MedianInterval {
  /** Censored only where all but a few figures are. */
  readonly low: Figure;
  readonly high: Figure;
  /** The probability of covering the median, at least the confidence asked for; as a fraction. */
  readonly coverage: number;
}

/**
 * The rank r (from 1) of the lower end, the greatest whose symmetric interval still has the confidence, and its
 * coverage; `undefined` where n is too small for any.
 */
export function medianIntervalRank(
  n: number,
  confidence = 0.95,
): { readonly rank: number; readonly coverage: number } | undefined {
  // Logarithms: 2^-n underflows from n = 1075 on.
  let logProbability = -n * Math.LN2;
  let below = Math.exp(logProbability);
  let best: { readonly rank: number; readonly coverage: number } | undefined;
  for (let rank = 1; 2 * rank <= n; rank += 1) {
    const coverage = 1 - 2 * below;
    if (coverage < confidence) break;
    best = { rank, coverage };
    logProbability += Math.log((n - rank + 1) / rank);
    below += Math.exp(logProbability);
  }
  return best;
}

/** The interval; `undefined` for fewer than six figures (at 95 %): print `N_TOO_SMALL`. */
export function medianInterval(
  figures: readonly Figure[],
  confidence = 0.95,
): MedianInterval | undefined {
  const found = medianIntervalRank(figures.length, confidence);
  if (found === undefined) return undefined;
  const sorted = figures.toSorted(compareFigures);
  const low = sorted[found.rank - 1];
  const high = sorted[sorted.length - found.rank];
  if (low === undefined || high === undefined) return undefined;
  return { low, high, coverage: found.coverage };
}
