/**
 * Holm's step-down correction: the chance of even one false alarm among all tests stays below the level, however the
 * tests depend on each other. For gates.
 *
 * Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
 */

/** Adjusted p-values, in the order given: reject where the adjusted one is at most the level. */
export function holm(ps: readonly number[]): readonly number[] {
  const order = ps.map((_, index) => index).sort((a, b) => (ps[a] ?? 1) - (ps[b] ?? 1));
  const adjusted = Array.from(ps, () => 1);
  let highest = 0;
  for (const [rank, index] of order.entries()) {
    highest = Math.max(highest, (ps.length - rank) * (ps[index] ?? 1));
    adjusted[index] = Math.min(1, highest);
  }
  return adjusted;
}
