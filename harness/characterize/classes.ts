/**
 * A dirty curve as classes of pages that are dirtied alike. Any concave piecewise linear D(t) is a sum of ramps,
 * D(t) = Σ Nₖ·min(t/τₖ, 1): class k holds Nₖ bytes, each page of which is written about every τₖ. Unlike the curve
 * alone, classes say how much of what is dirtied had not been sent anyway.
 */
import type { DirtyFunction } from './curve.ts';

export interface PageClass {
  readonly bytes: number;
  /** Every page of the class is dirty after this time, ms. */
  readonly periodMs: number;
}

interface Knot {
  readonly ms: number;
  readonly bytes: number;
}

/** The share of a class that is dirty after `ms`. */
export function dirtyShare({ periodMs }: PageClass, ms: number): number {
  return Math.min(1, ms / periodMs);
}

/**
 * The classes of the least concave curve that lies nowhere below D. A part that grows on at the end of the curve is a
 * class of the pages up to the cap.
 *
 * @param knotsMs where D may bend: the windows that were measured.
 */
export function pageClasses(dirty: DirtyFunction, knotsMs: readonly number[]): PageClass[] {
  const measured = [...knotsMs]
    .sort((one, other) => one - other)
    .map((ms) => ({ ms, bytes: dirty(ms) }));
  const hull: Knot[] = [{ ms: 0, bytes: 0 }];
  for (const knot of [...measured, ...endKnots(dirty)]) {
    while (hull.length > 1 && slope(hull.at(-2), hull.at(-1)) <= slope(hull.at(-1), knot)) {
      hull.pop();
    }
    hull.push(knot);
  }
  return hull.slice(1).flatMap((knot, index) => {
    const before = slope(hull[index], knot);
    const after = index + 2 < hull.length ? slope(knot, hull[index + 2]) : 0;
    const bytes = knot.ms * (before - Math.max(0, after));
    return bytes > 0 ? [{ bytes, periodMs: knot.ms }] : [];
  });
}

/** Where the last slope of a curve that still grows meets the cap. */
function endKnots(dirty: DirtyFunction): Knot[] {
  const { longestMs, capBytes, workingSetBytes } = dirty;
  const growth = (dirty(2 * longestMs) - workingSetBytes) / longestMs;
  const left = capBytes - workingSetBytes;
  return growth > 0 && left > 0 ? [{ ms: longestMs + left / growth, bytes: capBytes }] : [];
}

function slope(from: Knot | undefined, to: Knot | undefined): number {
  if (from === undefined || to === undefined || to.ms <= from.ms) return 0;
  return (to.bytes - from.bytes) / (to.ms - from.ms);
}
