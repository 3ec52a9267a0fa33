/** The smallest and the largest figure. */
import { compareFigures, type Figure } from './censored.ts';

export interface Range {
  readonly min: Figure;
  readonly max: Figure;
}

/** Both ends; a censored figure counts as larger than any exact one. `undefined` for no figures. */
export function range(figures: readonly Figure[]): Range | undefined {
  const sorted = figures.toSorted(compareFigures);
  const min = sorted[0];
  const max = sorted.at(-1);
  return min === undefined || max === undefined ? undefined : { min, max };
}
