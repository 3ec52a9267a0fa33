/** The end of a run of one trial that is expected to go well, whatever became of one of its probes. */
import { expect } from 'vitest';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { recordsOf, type Cli } from '../run/cli.ts';
import { expectGoodEnd } from '../run/good-end.ts';

/** Wait for the run's end: a good one, and one trial that completed with its data intact. Gives its record. */
export async function goodRecord(cli: Cli, out: string): Promise<TrialRecord> {
  const ended = await cli.ended();
  await expectGoodEnd(ended, out);
  const records = recordsOf(out);
  expect(records).toMatchObject([{ outcome: { kind: 'completed' }, integrity: 'intact' }]);
  return records[0]!;
}

/** The same of a trial that lost a probe: a warning has these words. */
export async function recordWithoutProbe(
  cli: Cli,
  out: string,
  words: RegExp,
): Promise<TrialRecord> {
  const record = await goodRecord(cli, out);
  expect(record.warnings).toContainEqual({
    code: 'probe-failed',
    message: expect.stringMatching(words) as unknown,
  });
  return record;
}
