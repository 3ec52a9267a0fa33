/** The exit code that a run's records ask for (docs/formats.md, "Exit codes"). */
import { DRIFT_BOUND, driftOf } from './analysis/drift.ts';
import { EXIT_CODES } from './errors.ts';
import type { Run } from './record/reader.ts';

/** An outcome the plan did not expect, or a damaged guest, weighs more than a trial that did not count. */
export function runExitCode(run: Pick<Run, 'records'> & Partial<Pick<Run, 'environment'>>): number {
  const { records, environment } = run;
  const bad = records.some((record) => record.integrity === 'damaged' || !record.expected);
  if (bad) return EXIT_CODES.trialFailed;
  if (records.some((record) => record.outcome.kind === 'invalid')) return EXIT_CODES.untrusted;
  const drift = driftOf(environment?.calibrations ?? [])?.factor ?? 1;
  return drift > DRIFT_BOUND ? EXIT_CODES.untrusted : EXIT_CODES.ok;
}
