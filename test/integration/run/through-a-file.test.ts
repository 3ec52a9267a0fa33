/** `transport: file` on real QEMU: the guest that comes out of the file is the one that went in. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { needsGuests, runPlan, saySkipped } from './runs.ts';

needsGuests();

test('saved and restored, intact, with the size of the file and the time of the restore', async () => {
  const { out, records } = await runPlan('through-a-file', 'run with a space');
  expect(records).toHaveLength(3);
  for (const record of records) {
    const { labels, outcome, integrity, measurements, details, trialId, guest } = record;
    // A host's own QEMU may be older than mapped-ram.
    if (outcome.kind === 'skipped' && labels.setting !== 'stream') {
      expect(outcome.reason, outcome.detail).toBe('capability-missing');
      saySkipped(record);
      continue;
    }
    expect(outcome, labels.setting).toEqual({ kind: 'completed' });
    expect(integrity, labels.setting).toBe('intact');
    const file = details?.['file'] as { bytes: number; allocatedBytes: number; restoreMs: number };
    expect(file.restoreMs, labels.setting).toBeGreaterThan(0);
    // The pause holds the restore; its beginning is on another clock.
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
