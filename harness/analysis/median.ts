/** The median of a few figures, some of which may be right-censored. */
import { compareFigures, type Figure } from './censored.ts';

/**
 * The middle figure, or the mean of the two middle ones; `undefined` for no figures.
 *
 * Where a middle figure is censored, the median is known only to be greater than the mean of the two bounds, and is
 * censored itself. (Half the trials or fewer converged: there is no typical total time to print.)
 */
export function median(figures: readonly Figure[]): Figure | undefined {
  const sorted = figures.toSorted(compareFigures);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) return undefined;
  return {
    value: lower.value + (upper.value - lower.value) / 2,
    censored: lower.censored || upper.censored,
  };
}
