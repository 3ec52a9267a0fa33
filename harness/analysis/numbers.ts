/** Means, medians and percentiles of plain numbers. Figures that may be censored have `median.ts`. */

/** 0 for no values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** The middle value, or the mean of the two middle ones; 0 for no values. */
export function medianOf(values: readonly number[]): number {
  return percentileOf(
    values.toSorted((one, other) => one - other),
    0.5,
  );
}

/**
 * Between two values, in proportion; 0 for no values.
 *
 * @param ascending the values, sorted.
 * @param fraction from 0, the least, to 1, the greatest.
 */
export function percentileOf(ascending: readonly number[], fraction: number): number {
  const place = fraction * (ascending.length - 1);
  const below = ascending[Math.floor(place)] ?? 0;
  const above = ascending[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
