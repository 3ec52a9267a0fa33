/**
 * Two samples in strata: figures of both sides that were taken close together, so that only these are ranked against
 * each other and a drift of the host between strata falls out.
 */

/** Figures on the scale on which they are compared; a censored one is Infinity: worse than all, by an unknown amount. */
export interface Stratum {
  readonly base: readonly number[];
  readonly candidate: readonly number[];
}

/** A stratum that has both sides, its figures in ascending order, with its weight. */
export interface WeightedStratum extends Stratum {
  /** Proportional to 1/(N + 1), which makes the best use of strata of unequal size (van Elteren); a whole number. */
  readonly weight: number;
}

/** Beyond this, weights are rounded: the strata are then of so many sizes that it does not matter. */
const GREATEST_COMMON_MULTIPLE = 1_000_000;

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * The strata that say anything: those without one of the sides are left out.
 * Source of the weights: van Elteren 1960, "On the combination of independent two-sample tests of Wilcoxon".
 */
export function weighted(strata: readonly Stratum[]): readonly WeightedStratum[] {
  const both = strata.filter(({ base, candidate }) => base.length > 0 && candidate.length > 0);
  const sizes = both.map(({ base, candidate }) => base.length + candidate.length + 1);
  let multiple = 1;
  for (const size of sizes) multiple = (multiple / greatestDivisor(multiple, size)) * size;
  const numerator = Math.min(multiple, GREATEST_COMMON_MULTIPLE);
  return both.map(({ base, candidate }, index) => ({
    base: base.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    candidate: candidate.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    weight:
      both.length === 1 ? 1 : Math.max(1, Math.round(numerator / (sizes[index] ?? numerator))),
  }));
}
