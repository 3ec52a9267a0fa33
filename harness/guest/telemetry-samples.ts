/** Samples of a workload's progress in the order they were made, and rates over windows of the host's clock. */
import type { ProgramState } from './protocol.ts';

export interface Sample {
  /** When it arrived, on the host's monotonic clock (`performance.now()`), in ms. */
  readonly arrivedMs: number;
  readonly sequence: number;
  /** The guest's own monotonic clock, in ms; it stands still while the guest is paused. */
  readonly guestMonotonicMs: number;
  /** Unix time as the guest believes it, in ms. */
  readonly guestRealtimeMs: number;
  readonly state: ProgramState;
  /** Units of work since the workload program's start; 0 where there is none. */
  readonly progress: number;
  /** Why the program failed or how it exited; else empty. */
  readonly text: string;
}

/**
 * Progress at a moment, interpolated between the samples around it.
 * `undefined` before the first sample and after the last: nothing is known there.
 */
export function progressAt(samples: readonly Sample[], atMs: number): number | undefined {
  let low = 0;
  let high = samples.length - 1;
  if (high < 0) return undefined;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.arrivedMs ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  const after = samples[low];
  if (after === undefined || after.arrivedMs < atMs) return undefined;
  if (after.arrivedMs === atMs) return after.progress;
  const before = samples[low - 1];
  if (before === undefined) return undefined;
  const fraction = (atMs - before.arrivedMs) / (after.arrivedMs - before.arrivedMs);
  return before.progress + fraction * (after.progress - before.progress);
}

/**
 * Units per second between two moments of the host's clock. The host's clock and not the guest's: a guest that was
 * stopped for half of a window has done half the work, and its own clock would hide that.
 *
 * `undefined` where the samples do not cover the window.
 */
export function rateBetween(
  samples: readonly Sample[],
  fromMs: number,
  toMs: number,
): number | undefined {
  const from = progressAt(samples, fromMs);
  const to = progressAt(samples, toMs);
  if (from === undefined || to === undefined || toMs <= fromMs) return undefined;
  return ((to - from) / (toMs - fromMs)) * 1000;
}
