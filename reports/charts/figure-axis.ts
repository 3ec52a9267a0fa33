/** The axis of a chart's figures: linear from 0, or logarithmic where they differ too much for that. */

/** Above this ratio of the largest to the smallest figure, small ones would vanish on a linear axis. */
const MOST_LINEAR = 40;

/** A linear axis from 0; where figures differ too much for one, logarithmic above the order of the smallest, with 0 at its end. */
export function figureAxis(figures: readonly number[]) {
  // Not as arguments of Math.max: a large run has more figures than a call may have.
  const largest = figures.reduce((a, b) => Math.max(a, b), -Infinity);
  const smallest = figures.reduce((a, b) => Math.min(a, b), Infinity);
  const leastPositive = figures.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), Infinity);
  const wide = smallest >= 0 && largest > MOST_LINEAR * leastPositive;
  if (!wide) return { axis: { tickCount: 8 }, scale: { zero: true, nice: true } } as const;
  // Linear up to the order of the smallest figure, so that 0 has a place.
  const constant = 10 ** Math.floor(Math.log10(leastPositive));
  return {
    // Each tick by itself: a format of the axis would give all of them the digits of the largest, and 0.1 would be 0.
    axis: { values: ticksBetween(constant, largest), labelExpr: "format(datum.value, ',~r')" },
    // A triangle at the very end would be cut in half.
    scale: { type: 'symlog', constant, domainMin: 0, domainMax: largest * 1.1, nice: false },
  } as const;
}

/** 0, and 1, 2 and 5 of each order of magnitude; only 1 of each where there are many. */
export function ticksBetween(smallest: number, largest: number): number[] {
  const decades = Math.ceil(Math.log10(largest / smallest)) + 1;
  const steps = decades > 4 ? [1] : [1, 2, 5];
  const ticks = Array.from({ length: decades }, (_, decade) =>
    steps.map((step) => Number((smallest * 10 ** decade * step).toPrecision(1))),
  );
  return [0, ...ticks.flat().filter((tick) => tick <= largest)];
}
