/** Whether the guest lives after a migration, and whether its data is what it was. */
import { throwIfInterrupted } from '../deadline.ts';
import { messageOf } from '../errors.ts';
import type { Stage } from '../guest/start-guest.ts';
import type { WorkloadDefinition } from '../../workloads/types.ts';

/** A living guest answers within this time, ms. */
const ALIVE_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 30_000;
const VERIFY_TIMEOUT_MS = 60_000;

export interface GuestCheck {
  readonly integrity: 'intact' | 'damaged' | 'unchecked' | 'dead';
  readonly detail: string;
}

/**
 * Check a guest: does its agent answer, and (where `thorough` and the workload can) is all its data intact?
 *
 * @throws MigbenchError `interrupted`.
 */
export async function checkGuest(
  stage: Stage,
  workload: WorkloadDefinition,
  thorough: boolean,
): Promise<GuestCheck> {
  const { telemetry, signal } = stage;
  try {
    await telemetry.command('ping', [], { timeoutMs: ALIVE_TIMEOUT_MS, signal });
    if (!thorough || !workload.verifies) {
      return { integrity: 'unchecked', detail: 'the guest answers; its data was not checked' };
    }
    await telemetry.command('load-stop', [], { timeoutMs: STOP_TIMEOUT_MS, signal });
    const verdict = await telemetry.verify({
      timeoutMs: workload.verifyTimeoutMs ?? VERIFY_TIMEOUT_MS,
      signal,
    });
    return { integrity: verdict.intact ? 'intact' : 'damaged', detail: verdict.text };
  } catch (error) {
    throwIfInterrupted(signal);
    return { integrity: 'dead', detail: messageOf(error) };
  }
}
