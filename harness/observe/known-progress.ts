/** Progress as far as it is known beside its samples: a guest that is paused or has fallen silent does no work. */
import { rateBetween, type Sample } from '../guest/telemetry-samples.ts';

/** A guest reports 20 times a second: one that was not heard for this long at the end is silent, ms. */
const SILENCE_MS = 500;
/** The rate before STOP is taken over this, ms: four samples. */
const RATE_WINDOW_MS = 200;

/**
 * The samples with two more, at STOP and at RESUME, in the place of any that were heard in between: the progress of
 * both is the same. Without a STOP and a RESUME, or with nothing heard on one side of them, the samples as they are.
 */
export function withPause(
  samples: readonly Sample[],
  stopAtMs: number | undefined,
  resumeAtMs: number | undefined,
): readonly Sample[] {
  if (stopAtMs === undefined || resumeAtMs === undefined || resumeAtMs <= stopAtMs) return samples;
  const next = samples.findIndex(({ arrivedMs }) => arrivedMs > resumeAtMs);
  const before = samples[next - 1];
  const after = samples[next];
  if (before === undefined || after === undefined) return samples;
  const progress = progressInPause(samples, before, after, { stopAtMs, resumeAtMs });
  return [
    ...samples.slice(0, next).filter(({ arrivedMs }) => arrivedMs < stopAtMs),
    { ...before, arrivedMs: stopAtMs, progress },
    { ...before, arrivedMs: resumeAtMs, progress },
    ...samples.slice(next),
  ];
}

/**
 * How much of the work between the samples around the pause was done before it: up to STOP the guest went on as fast
 * as before, and what is left was done after RESUME. That may be much (an open loop catches up) or little (post-copy
 * waits for pages), so it says nothing of the time before STOP, unless nothing else does.
 */
function progressInPause(
  samples: readonly Sample[],
  before: Sample,
  after: Sample,
  { stopAtMs, resumeAtMs }: { readonly stopAtMs: number; readonly resumeAtMs: number },
): number {
  const doneMs = stopAtMs - before.arrivedMs;
  // It was sent before STOP and came late.
  if (doneMs <= 0) return before.progress;
  const all = Math.max(0, after.progress - before.progress);
  const rate = rateBetween(samples, before.arrivedMs - RATE_WINDOW_MS, before.arrivedMs);
  const done =
    rate === undefined
      ? (all * doneMs) / (doneMs + after.arrivedMs - resumeAtMs)
      : (rate * doneMs) / 1000;
  return before.progress + Math.min(all, done);
}

/**
 * The samples, with one more at `endedMs` where the guest had fallen silent before it: nothing more was done. Nothing
 * is known of a guest that was not heard until `leastMs`.
 */
export function withSilence(
  samples: readonly Sample[],
  leastMs: number,
  endedMs: number,
): readonly Sample[] {
  const last = samples.at(-1);
  if (last === undefined || last.arrivedMs < leastMs) return samples;
  return endedMs - last.arrivedMs > SILENCE_MS
    ? [...samples, { ...last, arrivedMs: endedMs }]
    : samples;
}
