/** `transport: file` on real QEMU: the guest that comes out of the file is the one that went in. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  fixturePlan,
  migbench,
  recordsOf,
  skipBecause,
  temporaryFolder,
  whyNoGuests,
} from './cli.ts';

beforeEach(async (context) => {
  const reason = await whyNoGuests();
  if (reason !== undefined) skipBecause(context, reason);
});

test('saved and restored, intact, with the size of the file and the time of the restore', async () => {
  const out = join(await temporaryFolder(), 'run with a space');
  const run = await migbench(['run', fixturePlan('through-a-file'), '--out', out]);
  expect(run, run.stderr).toMatchObject({ exitCode: 0, leftovers: [] });
  const records = recordsOf(out);
  expect(records).toHaveLength(3);
  for (const { labels, outcome, integrity, measurements, details, trialId, guest } of records) {
    // A host's own QEMU may be older than mapped-ram.
    if (outcome.kind === 'skipped' && labels.setting !== 'stream') continue;
    expect(outcome, labels.setting).toEqual({ kind: 'completed' });
    expect(integrity, labels.setting).toBe('intact');
    const file = details?.['file'] as { bytes: number; allocatedBytes: number; restoreMs: number };
    expect(file.restoreMs, labels.setting).toBeGreaterThan(0);
    // The pause goes by stamps, the restore by arrivals.
    expect(measurements.pauseMs, labels.setting).toBeGreaterThan(0.7 * file.restoreMs);
    expect(measurements.storageBytes, labels.setting).toBe(file.allocatedBytes);
    if (labels.setting === 'stream') {
      expect(file.bytes).toBeGreaterThan(40e6);
      expect(Math.abs(file.bytes / (measurements.transferredBytes ?? 0) - 1)).toBeLessThan(0.05);
    } else {
      // Each page has its place, empty ones too.
      expect(file.bytes).toBeGreaterThan(guest.memoryBytes);
    }
    // A saved guest is as large as its memory: it does not stay.
    expect(existsSync(join(out, 'trials', trialId, 'guest'))).toBe(false);
  }
});
