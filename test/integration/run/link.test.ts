/** What happens to a migration's link: a cut in post-copy, recovered or for good, and a stream that competes for it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { medianOf } from '../../../harness/analysis/numbers.ts';
import type { CompetingReport } from '../../../harness/migration/competing.ts';
import type { OutageReport } from '../../../harness/migration/outage.ts';
import {
  timelineSampleSchema,
  type TimelineSample,
  type TrialRecord,
} from '../../../harness/record/schema.ts';
import { fixturePlan, linesOf, migbench, recordsOf, skipBecause, temporaryFolder } from './cli.ts';
import { expectGoodEnd } from './good-end.ts';
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

test('half a link: half the rate; the stream is counted apart', async (context) => {
  const out = join(await temporaryFolder(), 'run');
  const run = await migbench(['run', fixturePlan('competing'), '--out', out]);
  if (run.exitCode === 3) skipBecause(context, run.stderr);
  await expectGoodEnd(run, out);
  const records = recordsOf(out);
  const [shared, alone] = [true, false].map((wanted) =>
    records.find(({ link }) => (link.competingBitsPerSecond !== undefined) === wanted),
  );
  const what = JSON.stringify(records);
  const [beside, before] = [wireOf(out, shared), wireOf(out, alone)];
  const migrated = ({ bytesToDestination = 0 }: TimelineSample) => bytesToDestination;
  const ratio = medianRate(before, migrated) / medianRate(beside, migrated);
  expect(ratio, what).toBeGreaterThan(1.6);
  expect(ratio, what).toBeLessThan(2.6);
  expect(medianRate(beside, competing), what).toBeGreaterThan(80e6);
  expect(medianRate(beside, competing), what).toBeLessThan(120e6);
  const report = shared?.details?.['competing'] as CompetingReport;
  // Of the whole: the sender of a busy host sends less than it was told, but no more.
  expect(report.deliveredBitsPerSecond).toBeLessThan(103e6);
  expect(report.deliveredBytes / report.sentBytes).toBeGreaterThan(0.8);
  // The migration's own bytes are what they are without the stream, resent segments allowed for.
  const { wireBytes = 0, transferredBytes = 0, totalTimeMs = 0 } = shared?.measurements ?? {};
  expect(wireBytes / transferredBytes).toBeGreaterThan(1.02);
  expect(wireBytes / transferredBytes).toBeLessThan(1.15);
  // It took the time that one link needs for both, however long it was held up.
  const inMigration = beside.filter(({ atMs }) => atMs <= totalTimeMs);
  expect(((wireBytes + sum(inMigration, competing)) * 8000) / totalTimeMs).toBeLessThan(210e6);
  expect(sum(beside, competing) / report.deliveredBytes).toBeGreaterThan(0.9);
  expect(alone?.details).not.toHaveProperty('competing');
});

type Bytes = (sample: TimelineSample) => number;

const competing: Bytes = ({ values }) => values?.['competingBytes'] ?? 0;

const sum = (samples: readonly TimelineSample[], bytes: Bytes): number =>
  samples.reduce((total, sample) => total + bytes(sample), 0);

/** What was seen of the link from `migrate` on. */
function wireOf(out: string, record: TrialRecord | undefined): TimelineSample[] {
  return linesOf(join(out, record?.artifacts['timeline'] ?? ''))
    .map((line) => timelineSampleSchema.parse(JSON.parse(line)))
    .filter(({ kind, atMs }) => kind === 'wire' && atMs > 0);
}

/** Bits per second of the samples in which anything was migrated; that a busy host stands still for a while does not count. */
function medianRate(samples: readonly TimelineSample[], bytes: Bytes): number {
  const busy = samples.filter(({ bytesToDestination = 0 }) => bytesToDestination > 0);
  return medianOf(
    busy.map((sample) => (bytes(sample) * 8000) / (sample.values?.['intervalMs'] ?? Number.NaN)),
  );
}
