/**
 * Drift of the host over a run: how much slower the same small tasks were at one time than at another, by the
 * calibrations between blocks.
 */
import type { Calibration } from '../record/schema.ts';
import { formatDuration } from '../units.ts';

/** Beyond this factor the results are untrusted: the host was not one machine during the run. */
export const DRIFT_BOUND = 3;

/** Below this factor there is nothing to say: two cores with a desktop on them do as much. */
export const DRIFT_WORTH_SAYING = 1.5;

/** How late a sleeper wakes says much about noise and little about speed: it is no drift. */
const NOT_SPEED: readonly string[] = ['timer-1ms'];

export interface Drift {
  /** The task that drifted most. */
  readonly task: string;
  /** Its shortest and its longest median, ms. */
  readonly fastestMs: number;
  readonly slowestMs: number;
  /** slowest ÷ fastest; at least 1. */
  readonly factor: number;
  readonly calibrations: number;
}

/** A drift in words: `memory-copy-8MiB took 2 ms at one time of the run and 56 ms at another (× 28.0, of 9 calibrations)`. */
export function driftText({ task, fastestMs, slowestMs, factor, calibrations }: Drift): string {
  return (
    `${task} took ${formatDuration(fastestMs)} at one time of the run and ${formatDuration(slowestMs)} at another ` +
    `(× ${factor.toFixed(1)}, of ${calibrations} calibrations)`
  );
}

/** The greatest drift of any task; `undefined` for fewer than two calibrations. */
export function driftOf(calibrations: readonly Calibration[]): Drift | undefined {
  if (calibrations.length < 2) return undefined;
  const medians = new Map<string, number[]>();
  for (const { name, medianMs } of calibrations.flatMap(({ tasks }) => tasks)) {
    if (medianMs <= 0 || NOT_SPEED.includes(name)) continue;
    const known = medians.get(name);
    if (known === undefined) medians.set(name, [medianMs]);
    else known.push(medianMs);
  }
  return [...medians]
    .map(([task, values]): Drift => {
      const fastestMs = Math.min(...values);
      const slowestMs = Math.max(...values);
      return {
        ...{ task, fastestMs, slowestMs, factor: slowestMs / fastestMs },
        calibrations: calibrations.length,
      };
    })
    .sort((a, b) => b.factor - a.factor)[0];
}
