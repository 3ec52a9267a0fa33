/** How far the guest's wall clock stepped against the host's across a migration. */
import type { Sample } from '../guest/telemetry-samples.ts';
import { highest, known } from '../migration/totals.ts';
import type { Moments, Probe, ProbeContext } from './probe.ts';

/** Each side is looked at for this long: over a long migration two clocks drift apart without any step, ms. */
const WINDOW_MS = 2_000;
/** With fewer samples than this there, all of a side count. */
const FEWEST_SAMPLES = 10;

/**
 * clock_step_ms: negative where the guest's clock fell behind. A sample's delay makes the guest look behind, so the
 * least delayed sample of each side counts: good to about a millisecond.
 */
export function clockProbe({ stage: { telemetry } }: ProbeContext): Probe {
  return {
    name: 'clock',
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    report: (moments) => ({
      measurements: known({ clockStepMs: clockStep(telemetry.samples, moments) }),
    }),
  };
}

/** `undefined` where no sample came from the destination, or the guest never left the source. */
export function clockStep(
  samples: readonly Sample[],
  { startedAtMs, stopAtMs, resumeAtMs, endedAtMs, completed }: Moments,
): number | undefined {
  if (!completed || resumeAtMs === undefined) return undefined;
  const lastMs = stopAtMs ?? startedAtMs;
  const source = between(samples, Number.NEGATIVE_INFINITY, lastMs);
  const destination = between(samples, resumeAtMs, endedAtMs);
  // After post-copy a guest may be silent for seconds.
  const firstMs = destination[0]?.arrivedMs ?? resumeAtMs;
  const before = lead(enoughOf(between(source, lastMs - WINDOW_MS, lastMs), source));
  const after = lead(enoughOf(between(destination, resumeAtMs, firstMs + WINDOW_MS), destination));
  if (before === undefined || after === undefined) return undefined;
  return Math.round((after - before) * 1000) / 1000;
}

function between(samples: readonly Sample[], fromMs: number, toMs: number): Sample[] {
  return samples.filter(({ arrivedMs }) => arrivedMs > fromMs && arrivedMs <= toMs);
}

function enoughOf(few: readonly Sample[], all: readonly Sample[]): readonly Sample[] {
  return few.length < FEWEST_SAMPLES ? all : few;
}

/** The guest's clock less the host's, by the least delayed sample, ms. */
function lead(samples: readonly Sample[]): number | undefined {
  return highest(samples.map(({ guestRealtimeMs, arrivedMs }) => guestRealtimeMs - arrivedMs));
}
