/** Facts about this machine, and whether it can hold a guest twice. */
import { expect, test } from 'vitest';
import { availableMemoryBytes, describeHost, requireMemory } from '../../../harness/host.ts';
import type { PlannedTrial } from '../../../harness/plan/types.ts';
import { cellSpec, plannedTrial } from '../migration/fixtures.ts';

const trialOf = (memoryBytes: number): PlannedTrial =>
  plannedTrial({ guest: { ...cellSpec().guest, memoryBytes } });

test('this host has processors, memory and a kernel', () => {
  const host = describeHost();
  expect(host.cpus).toBeGreaterThan(0);
  expect(host.memoryBytes).toBeGreaterThan(0);
  expect(host.kernel).toMatch(/^\d+\.\d+/u);
  expect(host.cpuModel).not.toBe('');
  expect(host.distribution).not.toBe('');
});

test('what is available is no more than there is', () => {
  const available = availableMemoryBytes();
  expect(available).toBeGreaterThan(0);
  expect(available).toBeLessThanOrEqual(describeHost().memoryBytes);
});

test('the largest guest counts, twice and with what its QEMUs take', () => {
  expect(() => requireMemory([])).not.toThrow();
  expect(() => requireMemory([trialOf(2 ** 20)])).not.toThrow();
  const tooMuch = Math.ceil(describeHost().memoryBytes / 2);
  expect(() => requireMemory([trialOf(2 ** 20), trialOf(tooMuch), trialOf(2 ** 20)])).toThrow(
    expect.objectContaining({
      code: 'host-unfit',
      message: expect.stringMatching(
        /^guest\.memory: a guest of .*--set guest\.memory=/u,
      ) as unknown,
    }),
  );
});
