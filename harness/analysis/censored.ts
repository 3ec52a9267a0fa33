/** A figure that may be known only as "more than": a not-converged trial's total time is more than its deadline. */

/** A value, or (where `censored`) a lower bound of one. Right-censored, in the words of survival analysis. */
export interface Figure {
  readonly value: number;
  /** True: the real value is greater than `value`, by how much is unknown. */
  readonly censored: boolean;
}

/** A measured value. */
export function exact(value: number): Figure {
  return { value, censored: false };
}

/** A value known only to be greater than `bound`. */
export function moreThan(bound: number): Figure {
  return { value: bound, censored: true };
}

/** Order for ranking: every censored figure is worse (greater) than every exact one. */
export function compareFigures(a: Figure, b: Figure): number {
  if (a.censored !== b.censored) return a.censored ? 1 : -1;
  return a.value - b.value;
}
