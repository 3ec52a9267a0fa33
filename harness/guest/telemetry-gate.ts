/** The load gate: whether a workload runs, and runs steadily, by its own samples. */
import type { WorkloadDefinition } from '../../workloads/types.ts';
import { rateBetween, type Sample } from './telemetry-samples.ts';

export type Gate = NonNullable<WorkloadDefinition['gate']>;

/** What the samples up to now say. */
export type GateState =
  | { readonly kind: 'steady'; readonly ratePerSecond: number }
  /** Not yet; the text says what is missing. */
  | { readonly kind: 'waiting'; readonly reason: string }
  /** It will not come true: the workload has ended. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Least samples in a window for its rate to count: the protocol asks for 10 per second. */
const MINIMUM_SAMPLES_PER_SECOND = 5;

/** A guest without a load has passed when it was heard this often within a second. */
const ALIVE_SAMPLES = 5;

function alive(samples: readonly Sample[], nowMs: number): GateState {
  const heard = samples.filter((sample) => sample.arrivedMs > nowMs - 1000).length;
  return heard >= ALIVE_SAMPLES
    ? { kind: 'steady', ratePerSecond: 0 }
    : {
        kind: 'waiting',
        reason: `${heard} samples in the last second, ${ALIVE_SAMPLES} are needed`,
      };
}

/**
 * Judge the two adjacent windows that end with the last sample: both must hold progress, and their rates must agree
 * within `tolerance` of the larger. Without a gate (no load) it is enough that the guest is alive.
 *
 * @param sinceMs samples before this moment do not count (the load was started then).
 */
export function judgeGate(
  samples: readonly Sample[],
  gate: Gate | undefined,
  nowMs: number,
  sinceMs: number,
): GateState {
  const last = samples.at(-1);
  if (last === undefined) return { kind: 'waiting', reason: 'no sample has come yet' };
  if (last.state === 'failed' || last.state === 'exited') {
    return { kind: 'broken', reason: `the workload program ${last.state} (${last.text})` };
  }
  const recent = samples.filter((sample) => sample.arrivedMs >= sinceMs);
  if (gate === undefined) return alive(recent, nowMs);
  if (last.state !== 'running') {
    return { kind: 'waiting', reason: `the workload program is ${last.state}, not running` };
  }
  const middle = last.arrivedMs - gate.windowMs;
  const start = middle - gate.windowMs;
  const wanted = (2 * gate.windowMs * MINIMUM_SAMPLES_PER_SECOND) / 1000;
  const counted = recent.filter((sample) => sample.arrivedMs >= start).length;
  const earlier = rateBetween(recent, start, middle);
  const later = rateBetween(recent, middle, last.arrivedMs);
  if (earlier === undefined || later === undefined || counted < wanted) {
    return { kind: 'waiting', reason: `fewer than two windows of ${gate.windowMs} ms are sampled` };
  }
  const larger = Math.max(earlier, later);
  const rates = `${earlier.toFixed(1)} and ${later.toFixed(1)} per second`;
  if (earlier <= 0 || later <= 0) return { kind: 'waiting', reason: `no progress (${rates})` };
  if (Math.abs(earlier - later) > gate.tolerance * larger) {
    return { kind: 'waiting', reason: `the rate is not steady (${rates})` };
  }
  return { kind: 'steady', ratePerSecond: later };
}
