/** The exit code that a run's records ask for (docs/formats.md, "Exit codes"). */
import { EXIT_CODES } from './errors.ts';
import type { Run } from './record/reader.ts';

/** An outcome the plan did not expect, or a damaged guest, weighs more than a trial that did not count. */
export function runExitCode(run: Pick<Run, 'records'>): number {
  const { records } = run;
  const bad = records.some((record) => record.integrity === 'damaged' || !record.expected);
  if (bad) return EXIT_CODES.trialFailed;
  if (records.some((record) => record.outcome.kind === 'invalid')) return EXIT_CODES.untrusted;
  return EXIT_CODES.ok;
}
