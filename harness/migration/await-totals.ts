/** Totals are filled in after the status says `completed` (seen on 7.2 with multifd): ask again until they are there. */
import { poll, throwIfInterrupted } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import type { TrialWarning } from '../record/schema.ts';
import type { TimedSample } from './observation.ts';

/** How long the totals may be missing, ms. */
const TIMEOUT_MS = 2_000;

/**
 * @param last the sample that said `completed`.
 * @param ask asks the source once more.
 * @returns what to warn of where the totals never came.
 * @throws MigbenchError `interrupted`.
 */
export async function awaitTotals(
  last: TimedSample | undefined,
  ask: () => Promise<TimedSample>,
  signal: AbortSignal,
): Promise<TrialWarning | undefined> {
  const isWhole = (sample: TimedSample | undefined) => (sample?.totalTimeMs ?? 0) > 0;
  if (isWhole(last)) return undefined;
  try {
    await poll(async () => (isWhole(await ask()) ? true : undefined), {
      intervalMs: 10,
      timeoutMs: TIMEOUT_MS,
      signal,
      late: () => new MigbenchError('qmp-timeout', 'no totals'),
    });
    return undefined;
  } catch {
    throwIfInterrupted(signal);
    return {
      code: 'totals-missing',
      message:
        'QEMU said "completed" but gave no total time; the totals of this trial are empty. Try another build.',
    };
  }
}
