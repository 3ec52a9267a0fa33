/** What a migration cost the workload, from its own progress. */
import { progressAt, rateBetween, type Sample } from '../guest/telemetry-samples.ts';

/** Moments on the host's monotonic clock (performance.now), ms. */
export interface WorkloadWindows {
  readonly baselineFromMs: number;
  readonly baselineToMs: number;
  /** `migrate` was sent. */
  readonly startedMs: number;
  /** RESUME on the destination, or the end of a migration that had none. */
  readonly resumedMs: number;
  /** The end of the aftermath. */
  readonly endedMs: number;
}

export interface WorkloadCost {
  readonly workloadBaselinePerSecond: number | undefined;
  /** From `migrate` to RESUME. */
  readonly workloadDuringPerSecond: number | undefined;
  /** ∫(1 − rate/baseline) from `migrate` to the end of the aftermath, in s; negative where work was caught up. */
  readonly workloadLostSeconds: number | undefined;
}

/** Each is `undefined` where samples do not cover its window. */
export function workloadCost(samples: readonly Sample[], windows: WorkloadWindows): WorkloadCost {
  const { startedMs, resumedMs, endedMs } = windows;
  const baseline = rateBetween(samples, windows.baselineFromMs, windows.baselineToMs);
  return {
    workloadBaselinePerSecond: baseline,
    // Nothing is known after the last sample.
    workloadDuringPerSecond: rateBetween(
      samples,
      startedMs,
      Math.min(resumedMs, samples.at(-1)?.arrivedMs ?? startedMs),
    ),
    workloadLostSeconds: lostSeconds(samples, startedMs, endedMs, baseline),
  };
}

function lostSeconds(
  samples: readonly Sample[],
  fromMs: number,
  toMs: number,
  baseline: number | undefined,
): number | undefined {
  const from = progressAt(samples, fromMs);
  // The last sample may be a little older than the end of the aftermath.
  const lastMs = Math.min(toMs, samples.at(-1)?.arrivedMs ?? fromMs);
  const to = progressAt(samples, lastMs);
  if (from === undefined || to === undefined || baseline === undefined || baseline <= 0) {
    return undefined;
  }
  return (lastMs - fromMs) / 1000 - (to - from) / baseline;
}
