/** How far the guest's wall clock stepped against the host's across a migration. */
import type { Sample } from '../guest/telemetry-samples.ts';
import { known } from '../migration/totals.ts';
import type { Moments, Probe, ProbeContext } from './probe.ts';

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
  const before = lead(samples, Number.NEGATIVE_INFINITY, stopAtMs ?? startedAtMs);
  const after = lead(samples, resumeAtMs, endedAtMs);
  if (before === undefined || after === undefined) return undefined;
  return Math.round((after - before) * 1000) / 1000;
}

/** The guest's clock less the host's, by the least delayed sample of a stretch, ms. */
function lead(samples: readonly Sample[], fromMs: number, toMs: number): number | undefined {
  let most: number | undefined;
  for (const { guestRealtimeMs, arrivedMs } of samples) {
    if (arrivedMs <= fromMs || arrivedMs > toMs) continue;
    most = Math.max(most ?? -Infinity, guestRealtimeMs - arrivedMs);
  }
  return most;
}
