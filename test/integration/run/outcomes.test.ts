/** Whole runs of the built program on real QEMU, under TCG: every outcome, and the exit code it asks for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSandboxKind } from '../../../harness/sandbox/enter.ts';
import { fixturePlan, migbench, recordsOf, temporaryFolder, visibleOutside } from './cli.ts';
import { emptyColumns, rowsOf } from './columns.ts';
import { expectGoodEnd } from './good-end.ts';
import { needsGuests, runPlan, saySkipped } from './runs.ts';

needsGuests();

/** Written out, so that a column that moves is noticed here. */
const CSV_HEADER =
  'run_id,cell_id,trial_id,block,position,repetition,started_at,workload,workload_params,guest_memory_bytes,' +
  'guest_vcpus,accelerator,machine_type,source_qemu,destination_qemu,setting,capabilities,parameters,transport,' +
  'sandbox_mode,link_bandwidth_bits_per_second,link_delay_us,link_loss_percent,competing_bits_per_second,' +
  'max_bandwidth_bytes_per_second,downtime_limit_ms,outcome,outcome_reason,integrity,total_time_ms,setup_time_ms,' +
  'expected_downtime_ms,downtime_ms,pause_ms,';

test('a small matrix: every trial completes, or says how it could', async () => {
  const { out, run, records } = await runPlan('tiny');
  expect(visibleOutside()).toEqual([]);
  expect(records.map(({ labels }) => `${labels.workload}/${labels.setting}`).sort()).toEqual(
    ['idle', 'memory-stress'].flatMap((workload) =>
      ['multifd', 'postcopy', 'precopy'].map((setting) => `${workload}/${setting}`),
    ),
  );
  for (const record of records) {
    const { outcome, measurements: found, labels, sandboxMode } = record;
    const name = `${labels.workload}/${labels.setting}: ${JSON.stringify(record)}`;
    if (outcome.kind === 'skipped') {
      expect(labels.setting, name).toBe('postcopy');
      expect(outcome, name).toMatchObject({
        reason: 'host-forbids',
        remedy: expect.stringContaining('userfaultfd') as unknown,
      });
      saySkipped(record);
      continue;
    }
    expect(outcome, name).toEqual({ kind: 'completed' });
    expect(record.integrity, name).toBe(labels.workload === 'idle' ? 'unchecked' : 'intact');
    // A booted guest has some 60 MiB that are not zero.
    expect(found.transferredBytes, name).toBeGreaterThan(40e6);
    expect(found.transferredBytes, name).toBeLessThan(2 * record.guest.memoryBytes);
    expect(found.totalTimeMs, name).toBeGreaterThan(0);
    expect(found.pauseMs, name).toBeGreaterThan(0);
    expect(found.downtimeMs, name).toBeGreaterThanOrEqual(0);
    expect(found.passes, name).toBeGreaterThanOrEqual(1);
    if (sandboxMode === 'namespaces') {
      expect(found.wireBytes, name).toBeGreaterThan(found.transferredBytes ?? Infinity);
    }
    if (labels.workload === 'memory-stress') {
      expect(found.workloadBaselinePerSecond, name).toBeGreaterThan(0);
    }
    const asked = record.requested.capabilities;
    for (const side of [record.effective?.source, record.effective?.destination]) {
      expect(side?.capabilities, name).toMatchObject(asked);
      // Set on both sides, both ways: what one trial asks for is off in the next.
      expect(side?.capabilities['multifd'], name).toBe(labels.setting === 'multifd');
    }
  }
  const csv = (await readFile(join(out, 'report', 'trials.csv'), 'utf8')).trimEnd().split('\r\n');
  expect(csv).toHaveLength(1 + 6);
  expect(csv[0]?.startsWith(CSV_HEADER), csv[0]).toBe(true);
  const { guestNetwork } = await findSandboxKind(new AbortController().signal);
  if (guestNetwork === 'tap') {
    const rows = rowsOf(csv.join('\r\n'));
    expect(emptyColumns(rows, { baselineMs: 200 }), csv.join('\n')).toEqual([]);
  }
  expect(run.stdout).toContain('idle · precopy');
});

test('not converged: no failure, unless the plan insists on completion', async () => {
  const out = join(await temporaryFolder(), 'run');
  const plan = fixturePlan('too-much');
  const first = await migbench(['run', plan, '--out', out, '--only', '*/precopy/**']);
  await expectGoodEnd(first, out);
  expect(recordsOf(out)).toMatchObject([{ outcome: { kind: 'not-converged' }, expected: true }]);
  const trials = async (...flags: string[]) =>
    (await migbench(['run', '--resume', out, '--dry-run', ...flags])).stdout.trim().split('\n');
  expect(await trials('--only', '**')).toEqual([expect.stringContaining('/insisting/')]);
  expect(await trials('--retry', 'not-converged')).toEqual([expect.stringContaining('/precopy/')]);
  // A run goes on with the cells it was begun with, unless told otherwise.
  const second = await migbench(['run', '--resume', out, '--only', '**']);
  expect(second, second.stderr).toMatchObject({ exitCode: 4, leftovers: [] });
  const records = recordsOf(out);
  expect(records).toMatchObject([
    { labels: { setting: 'precopy' }, outcome: { kind: 'not-converged' }, expected: true },
    { labels: { setting: 'insisting' }, outcome: { kind: 'not-converged' }, expected: false },
  ]);
  for (const { measurements, integrity } of records) {
    expect(measurements).not.toHaveProperty('downtimeMs');
    expect(measurements).not.toHaveProperty('pauseMs');
    expect(measurements).not.toHaveProperty('totalTimeMs');
    expect(measurements.transferredBytes).toBeGreaterThan(0);
    // The guest is alive on the source; its data is checked only where it was moved.
    expect(integrity).toBe('unchecked');
  }
});

test('a user’s own workload is run and verified; one that does not start is invalid', async () => {
  const out = join(await temporaryFolder(), 'run');
  const run = await migbench(['run', fixturePlan('own-workloads'), '--out', out]);
  expect(run, run.stderr).toMatchObject({ exitCode: 5, leftovers: [] });
  const records = recordsOf(out).sort((a, b) => a.workload.id.localeCompare(b.workload.id));
  expect(records).toMatchObject([
    {
      workload: { id: 'counter', parameters: { rate: 500 }, unit: 'counts' },
      outcome: { kind: 'completed' },
      integrity: 'intact',
    },
    {
      workload: { id: 'never-ready' },
      outcome: {
        kind: 'invalid',
        reason: 'workload-not-running',
        detail: expect.stringContaining('the table is missing') as unknown,
      },
    },
  ]);
  expect(run.stderr).toMatch(/never-ready.*: .*the table is missing/u);
});
