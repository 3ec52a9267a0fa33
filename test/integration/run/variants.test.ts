/** Guests of other shapes, other ways than the link, and a QEMU that is replaced under its guest: on real QEMU. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TrialRecord } from '../../../harness/record/schema.ts';

import { needsGuests, runPlan, saySkipped } from './runs.ts';

needsGuests();

/** Records by setting. */
async function recordsOfRun(plan: string) {
  const { out, records } = await runPlan(plan);
  return { out, records: new Map(records.map((record) => [record.labels.setting, record])) };
}

function completedIntact(record: TrialRecord | undefined, name: string): TrialRecord {
  if (record === undefined) throw new Error(`there is no record of ${name}`);
  expect(record.outcome, name).toEqual({ kind: 'completed' });
  expect(record.integrity, name).toBe('intact');
  return record;
}

test('other guests and other ways: completed, intact, and by the way that was asked for', async () => {
  const { out, records } = await recordsOfRun('variants');
  expect([...records.keys()].sort()).toEqual([
    'exec',
    'precopy',
    'unix',
    'x-ignore-shared',
    'zlib-8',
  ]);
  for (const [setting, record] of records) {
    const { measurements, transport, guest, trialId, effective } = completedIntact(record, setting);
    const wire = measurements.wireBytes ?? 0;
    const sent = measurements.transferredBytes ?? 0;
    if (setting === 'unix' || setting === 'exec') {
      expect(transport).toBe(setting);
      expect(sent, setting).toBeGreaterThan(40e6);
      expect(wire, setting).toBeLessThan(1e6);
      const said = await readFile(join(out, 'trials', trialId, 'source.qmp.jsonl'), 'utf8');
      expect(said, setting).toContain(`"uri":"${setting}:`);
    } else expect(transport, setting).toBe('tcp');
    // Nothing comes back through a pipe.
    expect(effective?.source.capabilities['return-path'], setting).toBe(setting !== 'exec');
    if (setting === 'x-ignore-shared') {
      expect(guest).toMatchObject({ vcpus: 2, backend: 'memfd' });
      expect(record.machineType).toMatch(/^pc-q35-/u);
      expect(sent, 'memory that both have is not sent').toBeLessThan(4e6);
    }
    if (setting === 'zlib-8') {
      expect(effective?.destination.parameters['multifd-channels']).toBe(8);
      expect(sent).toBeLessThan(
        records.get('precopy')?.measurements.transferredBytes ?? Number.NaN,
      );
    }
  }
});

test('a QEMU is replaced under its guest, whose memory stays where it is', async () => {
  const { records } = await recordsOfRun('upgrade');
  for (const setting of ['cpr-transfer', 'cpr-reboot']) {
    const { measurements, effective } = completedIntact(records.get(setting), setting);
    expect(effective?.source.parameters['mode']).toBe(setting);
    expect(measurements.transferredBytes, setting).toBeLessThan(4e6);
    expect(measurements.pauseMs, setting).toBeGreaterThan(0);
    expect(measurements.totalTimeMs, setting).toBeGreaterThan(0);
  }
});

test('a disk that the hosts do not share is mirrored, and the database on it is whole', async () => {
  const { out, records } = await recordsOfRun('own-disk');
  for (const setting of ['precopy', 'postcopy']) {
    const record = records.get(setting);
    // A host may forbid post-copy.
    if (record?.outcome.kind === 'skipped' && setting === 'postcopy') {
      expect(record.outcome.reason, record.outcome.detail).toBe('host-forbids');
      saySkipped(record);
      continue;
    }
    const { measurements, details, trialId } = completedIntact(record, setting);
    // PostgreSQL with pgbench at scale 1, its log preallocated; the disk is ten times as large.
    expect(measurements.storageBytes, setting).toBeGreaterThan(30e6);
    expect(measurements.storageBytes, setting).toBeLessThan(300e6);
    expect(measurements.storageMs, setting).toBeGreaterThan(100);
    const mirror = details?.['mirror'] as Record<string, number>;
    expect(mirror['finishMs'], setting).toBeGreaterThan(0);
    expect(mirror['finishMs'], setting).toBeLessThan(measurements.pauseMs ?? 0);
    if (mirror['wireBytesBefore'] !== undefined) {
      expect(mirror['wireBytesBefore'] / (measurements.storageBytes ?? 1)).toBeGreaterThan(0.8);
    }
    for (const disk of ['disk.raw', 'destination-disk.raw']) {
      expect(existsSync(join(out, 'trials', trialId, disk)), disk).toBe(false);
    }
  }
});
