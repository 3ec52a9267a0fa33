/** What a migration cost the workload, from its own progress. */
import type { WorkloadDefinition } from '../../workloads/types.ts';
import { progressAt, rateBetween, type Sample } from '../guest/telemetry-samples.ts';
import type { Telemetry } from '../guest/telemetry.ts';
import { withPause, withSilence } from './known-progress.ts';

/** Moments on the host's monotonic clock (performance.now), ms. */
export interface WorkloadWindows {
  readonly baselineFromMs: number;
  readonly baselineToMs: number;
  /** `migrate` was sent. */
  readonly startedMs: number;
  /** STOP of the source and RESUME of the destination; absent where there was none. */
  readonly stopAtMs?: number | undefined;
  readonly resumeAtMs?: number | undefined;
  /** RESUME on the destination, or the end of a migration that had none. */
  readonly resumedMs: number;
  /** The end of the aftermath. */
  readonly endedMs: number;
}

export interface WorkloadCost {
  readonly workloadBaselinePerSecond: number | undefined;
  /** From `migrate` to RESUME. */
  readonly workloadDuringPerSecond: number | undefined;
  /** The lowest rate over 200 ms from `migrate` to the end of the aftermath. */
  readonly workloadMinimumPerSecond: number | undefined;
  /** Time from `migrate` to the end of the aftermath in which the rate over 200 ms was below its usual, but not zero. */
  readonly brownoutMs: number | undefined;
  /** ∫(1 − rate/baseline) from `migrate` to the end of the aftermath, in s; negative where work was caught up. */
  readonly workloadLostSeconds: number | undefined;
}

/** Each is `undefined` where samples do not cover its window. */
export function workloadCost(heard: readonly Sample[], windows: WorkloadWindows): WorkloadCost {
  const { startedMs, resumedMs, endedMs } = windows;
  const samples = withPause(
    withSilence(heard, windows.baselineToMs, endedMs),
    windows.stopAtMs,
    windows.resumeAtMs,
  );
  const baseline = rateBetween(samples, windows.baselineFromMs, windows.baselineToMs);
  return {
    workloadBaselinePerSecond: baseline,
    // Nothing is known after the last sample.
    workloadDuringPerSecond: rateBetween(
      samples,
      startedMs,
      Math.min(resumedMs, samples.at(-1)?.arrivedMs ?? startedMs),
    ),
    ...brownout(samples, windows, baseline),
    workloadLostSeconds: lostSeconds(samples, startedMs, endedMs, baseline),
  };
}

/** Above this part of the baseline there is no brownout. */
const BROWNOUT_FRACTION = 0.9;
/** Rates are taken over this, ms: four samples. It is also how far a stop is smeared into the brownout. */
const BROWNOUT_WINDOW_MS = 200;
/** From one window to the next, ms: one sample. */
const BROWNOUT_STEP_MS = 50;

/**
 * Depth and length of the brownout. A workload that is uneven by itself is only in a brownout below the lowest rate
 * that its baseline window showed.
 */
function brownout(
  samples: readonly Sample[],
  windows: WorkloadWindows,
  baseline: number | undefined,
): Pick<WorkloadCost, 'workloadMinimumPerSecond' | 'brownoutMs'> {
  const none = { workloadMinimumPerSecond: undefined, brownoutMs: undefined };
  if (baseline === undefined || baseline <= 0) return none;
  const usual = slidingRates(samples, windows.baselineFromMs, windows.baselineToMs);
  // Nothing is known after the last sample.
  const lastMs = Math.min(windows.endedMs, samples.at(-1)?.arrivedMs ?? windows.startedMs);
  const rates = slidingRates(samples, windows.startedMs, lastMs);
  if (rates.length === 0) return none;
  const limit = lowest(usual, BROWNOUT_FRACTION * baseline);
  const slow = rates.filter((rate) => rate > 0 && rate < limit);
  return {
    workloadMinimumPerSecond: lowest(rates),
    brownoutMs: slow.length * BROWNOUT_STEP_MS,
  };
}

/** One rate per sample: far too many for the arguments of a function where a migration takes hours. */
function lowest(rates: readonly number[], least = Infinity): number {
  return rates.reduce((low, rate) => Math.min(low, rate), least);
}

function slidingRates(samples: readonly Sample[], fromMs: number, toMs: number): number[] {
  const steps = Math.floor((toMs - fromMs - BROWNOUT_WINDOW_MS) / BROWNOUT_STEP_MS) + 1;
  return Array.from({ length: Math.max(0, steps) }, (_, step) => {
    const startMs = fromMs + step * BROWNOUT_STEP_MS;
    return rateBetween(samples, startMs, startMs + BROWNOUT_WINDOW_MS);
  }).filter((rate) => rate !== undefined);
}

/** What a migration cost; nothing for a guest without a load. */
export function workloadCostOf(
  telemetry: Telemetry,
  workload: WorkloadDefinition,
  windows: WorkloadWindows,
): Partial<WorkloadCost> {
  return workload.gate === undefined ? {} : workloadCost(telemetry.samples, windows);
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
