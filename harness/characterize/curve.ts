/**
 * The dirty curve D(t): unique bytes that a guest dirties within t from a clean bitmap. Concave, and saturating at the
 * writable working set. One dirty rate is the wrong model: the same guest "dirties" 600 MiB/s over 250 ms and 100 MiB/s
 * over a minute.
 */
import { MigbenchError } from '../errors.ts';
import { percentileOf } from '../analysis/numbers.ts';

/** What was measured over windows of one length, bytes. */
export interface Spread {
  /** Windows; those of long lengths overlap. */
  readonly n: number;
  readonly median: number;
  /** The 10th and the 90th percentile; below ten windows the least and the most. */
  readonly low: number;
  readonly high: number;
  /** Windows that do not overlap: what the spread really rests on. */
  readonly independent?: number;
}

export interface CurvePoint {
  /** As it came out, ms: a window that was asked for as 50 ms may have taken 51. */
  readonly windowMs: number;
  readonly uniqueDirtyBytes: Spread;
}

/** Points by window, shortest first. */
export type DirtyCurve = readonly CurvePoint[];

/** Which line through the points: the middle, or an end of the spread. */
export type Level = 'low' | 'median' | 'high';

/** Windows come out a little off what was asked for: within this part of one a time counts as measured. */
const ROUNDING = 0.01;

export function isBelowWindows(shortestMs: number, ms: number): boolean {
  return ms < shortestMs * (1 - ROUNDING);
}

export function isBeyondWindows(longestMs: number, ms: number): boolean {
  return ms > longestMs * (1 + ROUNDING);
}

/** D(t) as a function; `t` in ms, the value in bytes. */
export interface DirtyFunction {
  (ms: number): number;
  /** Windows that were measured: outside of them a value is extrapolated. */
  readonly shortestMs: number;
  readonly longestMs: number;
  /** The most that can ever be dirty, bytes: where the extrapolation to the right ends. */
  readonly capBytes: number;
  /** D of the longest window, bytes: the writable working set as far as it was seen. */
  readonly workingSetBytes: number;
}

interface Knot {
  readonly ms: number;
  readonly bytes: number;
}

/**
 * Piecewise linear between measured points; to the left of the first by the first slope to 0; to the right of the last
 * by the last slope, up to `capBytes`. A longer window can not dirty less than a shorter one: where noise says so, the
 * higher figure holds for both.
 *
 * @throws MigbenchError `record` where there is no point.
 */
export function dirtyFunction(curve: DirtyCurve, capBytes: number, level: Level): DirtyFunction {
  let most = 0;
  const knots: Knot[] = [...curve]
    .sort((one, other) => one.windowMs - other.windowMs)
    .map(({ windowMs, uniqueDirtyBytes }) => {
      most = Math.min(capBytes, Math.max(most, uniqueDirtyBytes[level]));
      return { ms: windowMs, bytes: most };
    });
  const [first] = knots;
  const last = knots.at(-1);
  if (first === undefined || last === undefined) {
    throw new MigbenchError('record', 'A dirty curve needs at least one point.');
  }
  const before = knots.at(-2) ?? { ms: 0, bytes: 0 };
  const lastSlope = (last.bytes - before.bytes) / (last.ms - before.ms);
  const value = (ms: number): number => {
    if (ms <= 0) return 0;
    if (ms >= last.ms) return Math.min(capBytes, last.bytes + lastSlope * (ms - last.ms));
    const right = knots.findIndex((knot) => knot.ms >= ms);
    const to = knots[right] ?? last;
    const from = knots[right - 1] ?? { ms: 0, bytes: 0 };
    return from.bytes + ((to.bytes - from.bytes) * (ms - from.ms)) / (to.ms - from.ms);
  };
  return Object.assign(value, {
    shortestMs: first.ms,
    longestMs: last.ms,
    capBytes,
    workingSetBytes: last.bytes,
  });
}

/** The spread of figures; `undefined` where there is none. Percentiles by linear interpolation (Hyndman & Fan 7). */
export function spreadOf(figures: readonly number[], independent?: number): Spread | undefined {
  const sorted = [...figures].sort((one, other) => one - other);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) return undefined;
  const few = sorted.length < 10;
  return {
    n: sorted.length,
    median: percentileOf(sorted, 0.5),
    low: few ? least : percentileOf(sorted, 0.1),
    high: few ? most : percentileOf(sorted, 0.9),
    ...(independent === undefined ? {} : { independent }),
  };
}
