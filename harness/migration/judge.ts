/** What became of a trial once its migration has ended: is the guest alive, is its data whole, are the figures there? */
import { MigbenchError } from '../errors.ts';
import type { GuestRecipe } from '../guest/recipe.ts';
import type { Stage, StartedGuest } from '../guest/start-guest.ts';
import type { Measurements, Outcome } from '../record/schema.ts';
import { describeExit } from '../sandbox/running.ts';
import type { MigrationEnd } from './observation.ts';
import { checkGuest, type GuestCheck } from './verify.ts';

export interface Judged {
  readonly outcome: Outcome;
  /** Absent where the guest could not be asked. */
  readonly check?: GuestCheck;
}

export interface Case {
  readonly stage: Stage;
  readonly recipe: GuestRecipe;
  /** The side that the guest is on now. */
  readonly place: StartedGuest;
  readonly measurements: Measurements;
}

/**
 * Judge a migration that has ended, checking the guest and all its data.
 *
 * @param onVerify told when the check begins.
 * @throws MigbenchError `interrupted`.
 */
export async function judge(
  { stage, recipe, place, measurements }: Case,
  end: MigrationEnd,
  onVerify: () => void,
): Promise<Judged> {
  if (end.kind === 'failed') return { outcome: end };
  const gone = goneAfterwards(place);
  if (gone !== undefined) return { outcome: gone };
  onVerify();
  const check = await checkGuest(stage, recipe, end.kind === 'completed');
  return { outcome: outcomeOf(check, place, end, measurements), check };
}

function outcomeOf(
  check: GuestCheck,
  place: StartedGuest,
  end: MigrationEnd,
  measurements: Measurements,
): Outcome {
  const { detail } = check;
  switch (check.integrity) {
    case 'dead':
      return goneAfterwards(place) ?? { kind: 'failed', reason: 'guest-dead', detail };
    case 'damaged':
      return { kind: 'failed', reason: 'guest-damaged', detail };
    default:
      return check.unfinished === true
        ? { kind: 'invalid', reason: 'observation-missing', detail }
        : complete(end, measurements);
  }
}

/** A completed migration without its figures is no result. */
function complete(end: MigrationEnd, { totalTimeMs, pauseMs }: Measurements): Outcome {
  if (end.kind !== 'completed' || (totalTimeMs !== undefined && pauseMs !== undefined)) return end;
  const missing = totalTimeMs === undefined ? "QEMU's totals" : 'a STOP or RESUME event';
  return {
    kind: 'invalid',
    reason: 'observation-missing',
    detail: `The migration completed, but ${missing} never came. Look at the QMP conversations of the trial.`,
  };
}

/** A signal that also aborts, with the reason, when this QEMU ends. */
export function whileRunning({ machine }: StartedGuest, signal: AbortSignal): AbortSignal {
  const gone = new AbortController();
  void machine.process.exited.then((exit) =>
    gone.abort(
      new MigbenchError(
        'guest',
        `The ${machine.label} QEMU ${describeExit(exit)} before the migration.${machine.ownWords}`,
      ),
    ),
  );
  return AbortSignal.any([signal, gone.signal]);
}

/** The outcome where the QEMU that has the guest ended after the migration; a guest that panics ends it. */
function goneAfterwards({ machine }: StartedGuest): Outcome | undefined {
  const { exit } = machine.process;
  if (exit === undefined) return undefined;
  return {
    kind: 'failed',
    reason: machine.label === 'source' ? 'source-exited' : 'destination-exited',
    detail:
      `The ${machine.label} QEMU ${describeExit(exit)} after the migration; if its guest panicked, its console says ` +
      `why.${machine.ownWords}`,
  };
}
