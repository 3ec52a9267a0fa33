/** The aftermath of a migration: from RESUME until the workload is back at its baseline. */
import { poll } from '../deadline.ts';
import { rateBetween } from '../guest/telemetry-samples.ts';
import type { Telemetry } from '../guest/telemetry.ts';
import type { Windows } from '../plan/types.ts';
import { MigbenchError } from '../errors.ts';

/** The workload is back where its rate over one second is this part of its baseline. */
const RECOVERED_FRACTION = 0.95;
const RATE_WINDOW_MS = 1_000;
/** How often the rate is looked at, ms: the guest reports 20 times a second. */
const LOOK_INTERVAL_MS = 50;

export interface AftermathOptions {
  readonly telemetry: Telemetry;
  readonly windows: Windows;
  /** Monotonic time of RESUME, ms. */
  readonly resumedAtMs: number;
  /** Units per second before the migration; absent for a guest without a load, which only settles. */
  readonly baselinePerSecond?: number;
  readonly signal: AbortSignal;
}

/** Wait for the end of the aftermath: at least `settle`, at most `settle-limit`. */
export async function awaitAftermath(options: AftermathOptions): Promise<void> {
  const { telemetry, windows, resumedAtMs, baselinePerSecond, signal } = options;
  const recovered = (): boolean => {
    const lastMs = telemetry.samples.at(-1)?.arrivedMs ?? 0;
    // After post-copy's switchover a guest may run, and yet not be heard for seconds.
    if (baselinePerSecond === undefined) return lastMs > resumedAtMs;
    if (lastMs - RATE_WINDOW_MS < resumedAtMs) return false;
    const rate = rateBetween(telemetry.samples, lastMs - RATE_WINDOW_MS, lastMs);
    return rate !== undefined && rate >= RECOVERED_FRACTION * baselinePerSecond;
  };
  await poll(
    () => {
      const elapsedMs = performance.now() - resumedAtMs;
      const over = elapsedMs >= windows.settleLimitMs;
      return over || (elapsedMs >= windows.settleMs && recovered()) ? true : undefined;
    },
    {
      intervalMs: LOOK_INTERVAL_MS,
      timeoutMs: windows.settleLimitMs + windows.settleMs + RATE_WINDOW_MS,
      signal,
      late: () => new MigbenchError('internal', 'The settle limit passed unseen.'),
    },
  );
}
