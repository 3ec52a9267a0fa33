/** What happens to a migration's link: a cut in post-copy, recovered or for good, and a stream that competes for it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CompetingReport } from '../../../harness/migration/competing.ts';
import type { OutageReport } from '../../../harness/migration/outage.ts';
import { timelineSampleSchema } from '../../../harness/record/schema.ts';
import { fixturePlan, linesOf, migbench, recordsOf, skipBecause, temporaryFolder } from './cli.ts';
import { needsGuests, runPlan, saySkipped } from './runs.ts';

needsGuests();

test('a link that is cut in post-copy: recovered with intact data, or for good; the run goes on', async (context) => {
  const { records } = await runPlan('recover');
  expect(records).toHaveLength(4);
  for (const record of records) {
    const { labels, outcome, integrity, details, measurements, sandboxMode } = record;
    const what = `${labels.setting}: ${JSON.stringify({ outcome, details })}`;
    if (outcome.kind === 'skipped') {
      // Post-copy that the host forbids, a link that is none, or a build older than the capability.
      if (labels.setting === 'recover-preempt' && outcome.reason === 'capability-missing') {
        saySkipped(record);
        continue;
      }
      expect(sandboxMode === 'loopback' || outcome.reason === 'host-forbids', what).toBe(true);
      skipBecause(context, outcome.detail);
    }
    const outage = details?.['outage'] as OutageReport | undefined;
    if (labels.setting === 'postcopy') {
      expect(outcome, what).toEqual({ kind: 'completed' });
      expect(outage, what).toBeUndefined();
      continue;
    }
    expect(outage?.cutAtMs, what).toBeGreaterThan(0);
    if (labels.setting === 'cut-for-good') {
      expect(outcome, what).toMatchObject({ kind: 'failed', reason: 'postcopy-paused' });
      expect(outage, what).not.toHaveProperty('recoveredAtMs');
      continue;
    }
    expect(outcome, what).toEqual({ kind: 'completed' });
    expect(integrity, what).toBe('intact');
    expect(outage?.linkDownMs, what).toBeGreaterThan(900);
    expect(outage?.pausedMs, what).toBeGreaterThan(0);
    expect(outage?.recoveredAtMs, what).toBeGreaterThan(outage?.linkUpAtMs ?? Infinity);
    expect(measurements.totalTimeMs, what).toBeGreaterThan(1000);
  }
});

test('half a link: twice the time; the stream is counted apart', async (context) => {
  const out = join(await temporaryFolder(), 'run');
  const run = await migbench(['run', fixturePlan('competing'), '--out', out]);
  if (run.exitCode === 3) skipBecause(context, run.stderr);
  expect(run, run.stderr).toMatchObject({ exitCode: 0, leftovers: [] });
  const records = recordsOf(out);
  const [shared, alone] = [true, false].map((wanted) =>
    records.find(({ link }) => (link.competingBitsPerSecond !== undefined) === wanted),
  );
  const ratio = (shared?.measurements.totalTimeMs ?? 0) / (alone?.measurements.totalTimeMs ?? 0);
  expect(ratio, JSON.stringify(records)).toBeGreaterThan(1.6);
  expect(ratio, JSON.stringify(records)).toBeLessThan(2.6);
  const report = shared?.details?.['competing'] as CompetingReport;
  expect(report.deliveredBitsPerSecond).toBeGreaterThan(80e6);
  expect(report.deliveredBitsPerSecond).toBeLessThan(103e6);
  // The migration's own bytes are what they are without the stream, resent segments allowed for.
  const { wireBytes = 0, transferredBytes = 0 } = shared?.measurements ?? {};
  expect(wireBytes / transferredBytes).toBeGreaterThan(1.02);
  expect(wireBytes / transferredBytes).toBeLessThan(1.15);
  const samples = linesOf(join(out, shared?.artifacts['timeline'] ?? '')).map((line) =>
    timelineSampleSchema.parse(JSON.parse(line)),
  );
  const apart = samples
    .filter(({ kind }) => kind === 'wire')
    .reduce((sum, { values }) => sum + (values?.['competingBytes'] ?? 0), 0);
  expect(apart / report.deliveredBytes).toBeGreaterThan(0.9);
  expect(alone?.details).not.toHaveProperty('competing');
});
