/** Facts about this machine, and whether it can hold a guest twice. */
import { expect, test } from 'vitest';
import {
  availableMemoryBytes,
  describeHost,
  freeHugePageBytes,
  requireMemory,
  requireProcessors,
} from '../../../harness/host.ts';
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

test('free huge pages are counted, if they are of the size that guests are given', () => {
  const meminfo = (kilobytes: number) =>
    `HugePages_Total:    1024\nHugePages_Free:      512\nHugepagesize:       ${kilobytes} kB\n`;
  expect(freeHugePageBytes(meminfo(2048))).toBe(2 ** 30);
  expect(freeHugePageBytes(meminfo(1048576))).toBe(0);
  expect(freeHugePageBytes('MemFree: 1 kB\n')).toBe(0);
  expect(freeHugePageBytes()).toBeGreaterThanOrEqual(0);
});

test('a guest in huge pages needs those, and not the memory beside them', () => {
  const huge = plannedTrial({
    guest: { ...cellSpec().guest, memoryBytes: 2 ** 30, backend: 'hugepages' },
  });
  // A host that was made for it: nearly all memory is reserved, so little is available.
  const made = { availableBytes: 2 ** 29, hugePageBytes: 2 ** 31 };
  expect(() => requireMemory([huge], made)).not.toThrow();
  expect(() => requireMemory([huge, trialOf(2 ** 30)], made)).toThrow(/--set guest\.memory/u);
  expect(() => requireMemory([huge], { ...made, availableBytes: 2 ** 20 })).toThrow(/QEMUs/u);
  // Memory in abundance is no help where none of it is in huge pages.
  expect(() => requireMemory([huge], { availableBytes: 2 ** 40, hugePageBytes: 2 ** 30 })).toThrow(
    expect.objectContaining({
      code: 'host-unfit',
      message: expect.stringMatching(/^guest\.backend: .*vm\.nr_hugepages=1024/u) as unknown,
    }),
  );
});

test('a processor that this host does not have is refused before anything starts', () => {
  const trial = plannedTrial({ pin: { source: '0', observers: '1,2-3' } });
  expect(() => requireProcessors([trial], 4)).not.toThrow();
  expect(() => requireProcessors([trial], 3)).toThrow(
    'pin.observers: 1,2-3 names a processor that this host does not have; it has 3, numbered 0 to 2.',
  );
});
