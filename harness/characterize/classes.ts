/**
 * A dirty curve as classes of pages that are dirtied alike. Unlike the curve alone, classes say how much of what is
 * dirtied had not been sent anyway.
 *
 * Pages that are written at random, each at its own rate 1/τ, give N·(1 − exp(−t/τ)); pages that are written in turn,
 * every τ, give the ramp N·min(t/τ, 1). A measured curve is taken as a sum of both.
 */
import type { DirtyFunction } from './curve.ts';

export interface PageClass {
  readonly kind: 'random' | 'in-turn';
  readonly bytes: number;
  /** τ, ms. */
  readonly periodMs: number;
}

interface Knot {
  readonly ms: number;
  readonly bytes: number;
}

/**
 * Periods to choose from lie this factor apart; from a fraction of the shortest window to a multiple of the longest, or to
 * where a curve that grows all the time would meet the cap.
 */
const PERIOD_STEP = 1.4;
const BELOW_SHORTEST = 4;
const ABOVE_LONGEST = 8;
/** Rounds of the fit, at most; and the change in a round at which it has settled, as a part of the largest class. */
const ROUNDS = 1_500;
const SETTLED = 1e-7;
/** A fit that is off by more than this at a window on average is not used: with random pages alone, with both kinds. */
const MISFIT_RANDOM = 0.02;
const MISFIT_BOTH = 0.03;

/** The share of a class that is dirty after `ms`. */
export function dirtyShare({ kind, periodMs }: PageClass, ms: number): number {
  return kind === 'random' ? -Math.expm1(-ms / periodMs) : Math.min(1, ms / periodMs);
}

/**
 * The classes of a curve: the non-negative least-squares fit of random pages with all periods, in relative terms; where
 * that does not come near enough, of both kinds; where that does not either, the ramps that add up to the least concave
 * curve above it.
 *
 * @param knotsMs where D may bend: the windows that were measured.
 */
export function pageClasses(dirty: DirtyFunction, knotsMs: readonly number[]): PageClass[] {
  const knots = knotsOf(dirty, knotsMs);
  return (
    fit(knots, dirty.capBytes, ['random'], MISFIT_RANDOM) ??
    fit(knots, dirty.capBytes, ['random', 'in-turn'], MISFIT_BOTH) ??
    ramps(dirty, knots)
  );
}

/**
 * The ends of what may be beyond the longest window, where a curve says nothing: it goes on by its last slope up to the
 * cap, which is the most that a concave curve can do; or all that is ever written has been seen.
 */
export function classesBeyond(
  dirty: DirtyFunction,
  knotsMs: readonly number[],
  end: 'grows' | 'stays',
): PageClass[] {
  return ramps(dirty, knotsOf(dirty, knotsMs), end);
}

function knotsOf(dirty: DirtyFunction, knotsMs: readonly number[]): Knot[] {
  return [...knotsMs]
    .sort((one, other) => one - other)
    .map((ms) => ({ ms, bytes: dirty(ms) }))
    .filter(({ bytes }) => bytes > 0);
}

/** `undefined` where the fit is off, or holds more than there is. */
function fit(
  knots: readonly Knot[],
  capBytes: number,
  kinds: readonly PageClass['kind'][],
  tolerance: number,
): PageClass[] | undefined {
  const [first] = knots;
  const last = knots.at(-1);
  if (first === undefined || last === undefined || knots.length < 3) return undefined;
  const atoms: Omit<PageClass, 'bytes'>[] = [];
  for (
    let periodMs = first.ms / BELOW_SHORTEST;
    periodMs <= Math.max(last.ms * ABOVE_LONGEST, (last.ms * capBytes) / last.bytes);
    periodMs *= PERIOD_STEP
  ) {
    atoms.push(...kinds.map((kind) => ({ kind, periodMs })));
  }
  const rows = knots.map(({ ms, bytes }) =>
    atoms.map((atom) => dirtyShare({ ...atom, bytes: 0 }, ms) / bytes),
  );
  const sizes = nonNegativeFit(rows, capBytes);
  const off = rows.map((row) =>
    Math.abs(row.reduce((sum, share, index) => sum + share * (sizes[index] ?? 0), -1)),
  );
  const misfit = off.reduce((sum, value) => sum + value, 0) / off.length;
  const all = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (misfit > tolerance || all > capBytes) return undefined;
  return atoms.flatMap((atom, index) => {
    const bytes = sizes[index] ?? 0;
    return bytes > 1 ? [{ ...atom, bytes }] : [];
  });
}

/** min ‖A·x − 1‖ over x ≥ 0, by cyclic coordinate descent on the normal equations. */
function nonNegativeFit(rows: readonly (readonly number[])[], scale: number): number[] {
  const count = rows[0]?.length ?? 0;
  const column = (index: number) => rows.map((row) => (row[index] ?? 0) * scale);
  const columns = Array.from({ length: count }, (_, index) => column(index));
  const dot = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
  const gram = columns.map((one) => columns.map((other) => dot(one, other)));
  // The gradient at x = 0 is −Aᵀ·1.
  const gradient = columns.map((one) => -one.reduce((sum, value) => sum + value, 0));
  const x = Array.from({ length: count }, () => 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    let changed = 0;
    for (let index = 0; index < count; index += 1) {
      const curvature = gram[index]?.[index] ?? 0;
      const before = x[index] ?? 0;
      if (curvature <= 0) continue;
      const after = Math.max(0, before - (gradient[index] ?? 0) / curvature);
      const step = after - before;
      if (step === 0) continue;
      x[index] = after;
      changed = Math.max(changed, Math.abs(step));
      const line = gram[index] ?? [];
      for (let other = 0; other < count; other += 1) {
        gradient[other] = (gradient[other] ?? 0) + step * (line[other] ?? 0);
      }
    }
    if (changed <= SETTLED * Math.max(...x)) break;
  }
  return x.map((value) => value * scale);
}

/**
 * Any concave piecewise linear curve is a sum of ramps exactly. A part that grows on at the end of the curve is a class of
 * the pages up to the cap.
 */
function ramps(
  dirty: DirtyFunction,
  knots: readonly Knot[],
  end: 'grows' | 'stays' = 'grows',
): PageClass[] {
  const hull: Knot[] = [{ ms: 0, bytes: 0 }];
  for (const knot of [...knots, ...(end === 'grows' ? endKnots(dirty) : [])]) {
    while (hull.length > 1 && slope(hull.at(-2), hull.at(-1)) <= slope(hull.at(-1), knot)) {
      hull.pop();
    }
    hull.push(knot);
  }
  return hull.slice(1).flatMap((knot, index) => {
    const before = slope(hull[index], knot);
    const after = index + 2 < hull.length ? slope(knot, hull[index + 2]) : 0;
    const bytes = knot.ms * (before - Math.max(0, after));
    return bytes > 0 ? [{ kind: 'in-turn' as const, bytes, periodMs: knot.ms }] : [];
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
