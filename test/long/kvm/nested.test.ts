/** Real KVM, exercised: the quickstart's cells in a machine with KVM inside one without. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordsOf, skipBecause, temporaryFolder, whyNoGuests } from '../../integration/run/cli.ts';
import { runNested } from './nested-machine.ts';

/** Longest the machine may take, ms: it is emulated, and what runs in it is not small. */
const LIMIT_MS = 9 * 60_000;

test('the quickstart’s cells under real KVM', async (context) => {
  const unfit = await whyNoGuests();
  if (unfit !== undefined) skipBecause(context, unfit);
  const folder = await temporaryFolder();
  const { exitCode, console: words } = await runNested(
    'node dist/harness/cli/main.js run test/fixtures/plans/kvm.yaml --out /nested/out/run',
    folder,
    LIMIT_MS,
  );
  expect(exitCode, words).toBe(0);
  const records = recordsOf(join(folder, 'run'));
  expect(records.length, words).toBe(9);
  for (const { accelerator, outcome, integrity, measurements, labels } of records) {
    const name = `${labels.workload}/${labels.setting}`;
    expect(accelerator, name).toBe('kvm');
    expect(outcome, name).toMatchObject({ kind: 'completed' });
    expect(integrity, name).not.toBe('damaged');
    expect(measurements.pauseMs, name).toBeGreaterThan(0);
  }
  const report = await readFile(join(folder, 'run', 'report', 'report.md'), 'utf8');
  expect(report).not.toContain('ran under TCG');
});
