/** The median absolute deviation: how far a typical figure is from the median. */
import { exact, type Figure } from './censored.ts';
import { median } from './median.ts';

/**
 * median(|x − median(x)|), in the figures' unit and without the factor 1.4826 that would make it a normal
 * distribution's σ. `undefined` for no figures, or where one is censored: its distance is unknown.
 */
export function medianAbsoluteDeviation(figures: readonly Figure[]): number | undefined {
  const middle = median(figures);
  if (middle === undefined || figures.some((figure) => figure.censored)) return undefined;
  return median(figures.map((figure) => exact(Math.abs(figure.value - middle.value))))?.value;
}
