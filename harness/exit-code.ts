/** The exit code that a run's records ask for (docs/formats.md, "Exit codes"). */
import { DRIFT_BOUND, driftOf } from './analysis/drift.ts';
import { evaluateGate } from './analysis/gate.ts';
import { EXIT_CODES } from './errors.ts';
import type { Run } from './record/reader.ts';
import type { TrialRecord } from './record/schema.ts';

/**
 * An outcome the plan did not expect, or a damaged guest, weighs more than a breached threshold, and that more than a
 * trial that did not count.
 *
 * @param added thresholds beside the plan's own.
 */
export function runExitCode(
  run: Pick<Run, 'records' | 'plan'> & Partial<Pick<Run, 'environment'>>,
  added: readonly string[] = [],
): number {
  const { records, plan, environment } = run;
  const bad = records.some((record) => record.integrity === 'damaged' || !record.expected);
  if (bad) return EXIT_CODES.trialFailed;
  if (!evaluateGate(run, [...plan.thresholds, ...added]).passed) return EXIT_CODES.gate;
  if (records.some((record) => record.outcome.kind === 'invalid')) return EXIT_CODES.untrusted;
  const drift = driftOf(environment?.calibrations ?? [])?.factor ?? 1;
  return drift > DRIFT_BOUND ? EXIT_CODES.untrusted : EXIT_CODES.ok;
}

/**
 * The exit code of a validation that came to its end: trials that failed are left out and counted there, but a damaged
 * guest is one.
 *
 * @param own records of the migrations that it did itself, or went on with.
 */
export function validationExitCode(own: readonly Pick<TrialRecord, 'integrity'>[]): number {
  const isDamaged = own.some(({ integrity }) => integrity === 'damaged');
  return isDamaged ? EXIT_CODES.trialFailed : EXIT_CODES.ok;
}
