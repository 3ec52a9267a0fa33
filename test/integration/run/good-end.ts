/** The end of a run against which nothing speaks, unless the host was busy. */
import { expect } from 'vitest';
import { DRIFT_BOUND, driftOf } from '../../../harness/analysis/drift.ts';
import { EXIT_CODES } from '../../../harness/errors.ts';
import { readRun } from '../../../harness/record/reader.ts';

export interface EndOfRun {
  readonly exitCode?: number;
  readonly stderr?: string;
  readonly leftovers?: readonly string[];
}

/**
 * Require exit code 0 and nothing left running. Code 5 does as well where the host drifted and no trial is invalid: a
 * test cannot choose what else its host does.
 *
 * @param what is said of an end that is not good; by default the run's own words.
 */
export async function expectGoodEnd(
  { exitCode, stderr, leftovers = [] }: EndOfRun,
  out: string,
  what = stderr,
): Promise<void> {
  expect(leftovers, what).toEqual([]);
  if (exitCode !== EXIT_CODES.untrusted) {
    expect(exitCode, what).toBe(EXIT_CODES.ok);
    return;
  }
  const { environment, records } = await readRun(out);
  for (const { outcome } of records) expect(outcome.kind, what).not.toBe('invalid');
  const drift = driftOf(environment.calibrations)?.factor ?? 1;
  expect(drift, what).toBeGreaterThan(DRIFT_BOUND);
  process.stderr.write(`The host drifted by a factor of ${drift.toFixed(1)} during a run.\n`);
}
