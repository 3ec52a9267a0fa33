/** Whether the guest lives after a migration, and whether its data is what it was. */
import { throwIfInterrupted } from '../deadline.ts';
import { messageOf } from '../errors.ts';
import type { Stage } from '../guest/start-guest.ts';
import { scaledTimeoutMs } from '../guest/timeouts.ts';
import type { GuestRecipe } from '../guest/recipe.ts';

/** A living guest answers within this time, ms. */
const ALIVE_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 30_000;
const VERIFY_TIMEOUT_MS = 60_000;

export interface GuestCheck {
  readonly integrity: 'intact' | 'damaged' | 'unchecked' | 'dead';
  readonly detail: string;
  /** The check was wanted and did not come to an end: the trial says nothing of the guest's data. */
  readonly unfinished?: true;
}

/**
 * Check a guest: does its agent answer, and (where `thorough` and the workload can) is all its data intact?
 *
 * @throws MigbenchError `interrupted`.
 */
export async function checkGuest(
  stage: Stage,
  recipe: Pick<GuestRecipe, 'workload' | 'shape'>,
  thorough: boolean,
): Promise<GuestCheck> {
  const silence = await silenceOf(stage);
  if (silence !== undefined) return { integrity: 'dead', detail: silence };
  if (!thorough || !recipe.workload.verifies) {
    return { integrity: 'unchecked', detail: 'the guest answers; its data was not checked' };
  }
  const { telemetry, signal } = stage;
  const baseMs = recipe.workload.verifyTimeoutMs ?? VERIFY_TIMEOUT_MS;
  try {
    await telemetry.command('load-stop', [], { timeoutMs: STOP_TIMEOUT_MS, signal });
    const verdict = await telemetry.verify({
      timeoutMs: scaledTimeoutMs(baseMs, recipe.shape),
      signal,
    });
    return { integrity: verdict.intact ? 'intact' : 'damaged', detail: verdict.text };
  } catch (error) {
    throwIfInterrupted(signal);
    return unverified(stage, messageOf(error));
  }
}

/** Why the guest's agent does not answer; `undefined` where it does. */
async function silenceOf({ telemetry, signal }: Stage): Promise<string | undefined> {
  try {
    await telemetry.command('ping', [], { timeoutMs: ALIVE_TIMEOUT_MS, signal });
    return undefined;
  } catch (error) {
    throwIfInterrupted(signal);
    return messageOf(error);
  }
}

/** The check broke off: because the guest died of it, because its program is broken, or because it is slow. */
async function unverified(stage: Stage, words: string): Promise<GuestCheck> {
  const last = stage.telemetry.samples.at(-1);
  if (last?.state === 'failed' || last?.state === 'exited') {
    const detail = `after the migration the workload program ${last.state}: ${last.text}`;
    return { integrity: 'damaged', detail };
  }
  const silence = await silenceOf(stage);
  if (silence !== undefined) return { integrity: 'dead', detail: silence };
  return {
    integrity: 'unchecked',
    detail: `the guest answers, but the check of its data did not end: ${words}`,
    unfinished: true,
  };
}
