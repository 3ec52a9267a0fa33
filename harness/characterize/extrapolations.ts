/** Where a prediction rests on what lies outside of the windows that were measured. */
import { isBelowWindows, isBeyondWindows, type DirtyFunction } from './curve.ts';

/** In sentences, each with what it means for the prediction; empty where all of it was measured. */
export function extrapolations(
  dirty: DirtyFunction,
  downtimeLimitMs: number,
  longestPassMs: number,
): string[] {
  const seconds = (ms: number) => `${Number((ms / 1000).toPrecision(3))} s`;
  return [
    ...(isBelowWindows(dirty.shortestMs, downtimeLimitMs)
      ? [
          `The downtime limit of ${downtimeLimitMs} ms is shorter than the shortest window measured (${Math.round(dirty.shortestMs)} ms): more may be dirtied than a straight line to there says.`,
        ]
      : []),
    ...(isBeyondWindows(dirty.longestMs, longestPassMs)
      ? [
          `A pass may take ${seconds(longestPassMs)}; the longest window measured is ${seconds(dirty.longestMs)}: the interval is from no more dirtied than in that to its last slope all along.`,
        ]
      : []),
  ];
}
