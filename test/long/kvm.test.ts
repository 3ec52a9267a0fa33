/**
 * All cells of kvm.yaml under real KVM, in an emulated machine: the database too, whose start and check take minutes
 * there. What `npm test` skips on a slow machine must come to its end here.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRun } from '../../harness/record/reader.ts';
import { nestedRun, runNested } from '../integration/kvm/nested-machine.ts';
import { temporaryFolder } from '../integration/run/cli.ts';
import { expectGoodEnd } from '../integration/run/good-end.ts';
import { needsGuests } from '../integration/run/runs.ts';

const LIMIT_MS = 25 * 60_000;

needsGuests();

test('every cell under real KVM, the database’s too', async () => {
  const folder = await temporaryFolder();
  const { unfit, exitCode, console: words } = await runNested(nestedRun('*'), folder, LIMIT_MS);
  expect(unfit, words).toBeUndefined();
  await expectGoodEnd(exitCode === undefined ? {} : { exitCode }, join(folder, 'run'), words);
  const { records } = await readRun(join(folder, 'run'));
  expect(records.length, words).toBe(11);
  for (const { accelerator, outcome } of records) {
    expect({ accelerator, kind: outcome.kind }, words).toEqual({
      accelerator: 'kvm',
      kind: 'completed',
    });
  }
  expect(records.find(({ labels }) => labels.workload === 'database')?.integrity).toBe('intact');
});
