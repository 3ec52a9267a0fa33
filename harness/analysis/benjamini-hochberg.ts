/**
 * Benjamini and Hochberg's step-up correction: of all that is called, the expected share of false alarms stays below
 * the level (for independent or positively dependent tests). For exploration, where Holm would hide too much.
 *
 * Source: Benjamini & Hochberg 1995, "Controlling the false discovery rate".
 */

/** Adjusted p-values, in the order given: reject where the adjusted one is at most the level. */
export function benjaminiHochberg(ps: readonly number[]): readonly number[] {
  const order = ps.map((_, index) => index).sort((a, b) => (ps[b] ?? 1) - (ps[a] ?? 1));
  const adjusted = Array.from(ps, () => 1);
  let lowest = 1;
  for (const [place, index] of order.entries()) {
    lowest = Math.min(lowest, ((ps[index] ?? 1) * ps.length) / (ps.length - place));
    adjusted[index] = lowest;
  }
  return adjusted;
}
