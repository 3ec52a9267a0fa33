/** Facts about this machine, and whether it can hold a guest twice. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  availableMemoryBytes,
  describeHost,
  freeHugePageBytes,
  requireMemory,
  requireMemoryToCharacterize,
  requireProcessors,
} from '../../../harness/host.ts';
import type { PlannedTrial } from '../../../harness/plan/types.ts';
import { cellSpec, plannedTrial } from '../migration/fixtures.ts';
import { temporaryFolder } from '../record/temporary.ts';

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

test('free huge pages are counted by the size that guests are given, less those that are promised', async () => {
  const folder = await temporaryFolder();
  const write = (name: string, pages: number) => writeFile(join(folder, name), `${pages}\n`);
  await Promise.all([write('nr_hugepages', 1024), write('free_hugepages', 612)]);
  await write('resv_hugepages', 100);
  expect(freeHugePageBytes(folder)).toBe(2 ** 30);
  // More promised than free: what is over comes from the pages that the kernel may add.
  await write('resv_hugepages', 700);
  expect(freeHugePageBytes(folder)).toBe(0);
  expect(freeHugePageBytes(join(folder, 'no-such-size'))).toBe(0);
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
      message: expect.stringMatching(
        /^guest\.backend: .*echo 1024 > \/sys\/kernel\/mm\/hugepages\/hugepages-2048kB\/nr_hugepages /u,
      ) as unknown,
    }),
  );
});

test('a guest whose memory is handed over is there once, and may be larger than the others', () => {
  const handedOver = (backend: 'memfd' | 'hugepages') =>
    plannedTrial({
      guest: { ...cellSpec().guest, memoryBytes: 2 ** 31, backend },
      parameters: { mode: 'cpr-transfer' },
    });
  const enough = { availableBytes: 2 ** 31 + 2 ** 28, hugePageBytes: 0 };
  expect(() => requireMemory([handedOver('memfd'), trialOf(2 ** 30)], enough)).not.toThrow();
  expect(() => requireMemory([handedOver('memfd'), trialOf(1.25 * 2 ** 30)], enough)).toThrow(
    /^guest\.memory: a guest of 1\.25 GiB runs twice during a migration and needs /u,
  );
  expect(() =>
    requireMemory([handedOver('memfd')], { ...enough, availableBytes: 2 ** 31 }),
  ).toThrow(
    'guest.memory: a guest of 2 GiB that is handed over in a migration needs 2.25 GiB, but',
  );
  const pages = { availableBytes: 2 ** 29, hugePageBytes: 2 ** 31 };
  expect(() => requireMemory([handedOver('hugepages')], pages)).not.toThrow();
});

test('a card needs its largest guest once, in huge pages where it is in those, and snapshots of it', () => {
  const shape = (memoryBytes: number, backend: 'memfd' | 'hugepages') =>
    ({ memoryBytes, vcpus: 1, backend }) as const;
  const huge = [shape(2 ** 30, 'hugepages')];
  const enough = { availableBytes: 2 ** 29, hugePageBytes: 2 ** 30 };
  expect(() => requireMemoryToCharacterize([], enough)).not.toThrow();
  // 256 MiB of snapshots and as much for QEMU and the reader.
  expect(() => requireMemoryToCharacterize(huge, enough)).not.toThrow();
  expect(() => requireMemoryToCharacterize(huge, { ...enough, availableBytes: 2 ** 28 })).toThrow(
    'guest.memory: characterizing a guest of 1 GiB needs, beside its huge pages, 512 MiB, but this host has 256 MiB available.',
  );
  expect(() =>
    requireMemoryToCharacterize(huge, { availableBytes: 2 ** 40, hugePageBytes: 2 ** 29 }),
  ).toThrow(/^guest\.backend: characterizing a guest of 1 GiB in huge pages .*echo 512 > /u);
  expect(() => requireMemoryToCharacterize([shape(2 ** 29, 'memfd')], enough)).toThrow(
    'guest.memory: characterizing a guest of 512 MiB needs 896 MiB, but this host has 512 MiB available. Use a smaller guest',
  );
});

const unlimited = (processors: string) => Promise.resolve(processors);

test('a processor that this host does not have is refused before anything starts', async () => {
  const trial = plannedTrial({ pin: { source: '0', observers: '1,2-3' } });
  await expect(requireProcessors([trial], unlimited, '0-3')).resolves.toBeUndefined();
  await expect(requireProcessors([trial], unlimited, '0-2')).rejects.toThrow(
    expect.objectContaining({
      code: 'host-unfit',
      message:
        'pin.observers: 1,2-3 names processor 3, which this host does not have or has offline; online are 0-2.',
    }),
  );
});

test('processors have holes in their numbers where some are offline', async () => {
  const pin = (source: string) =>
    requireProcessors([plannedTrial({ pin: { source } })], unlimited, '0,2,4,6');
  await expect(pin('4,6')).resolves.toBeUndefined();
  await expect(pin('2-4')).rejects.toThrow(/names processor 3, .* online are 0,2,4,6\.$/u);
});

test('a processor that the cpuset lacks is refused too, and the cpuset named', async () => {
  const pin = (destination: string) =>
    requireProcessors(
      [plannedTrial({ pin: { destination } })],
      () => Promise.resolve('2-3'),
      '0-3',
    );
  await expect(pin('2')).resolves.toBeUndefined();
  await expect(pin('1-2')).rejects.toThrow(
    expect.objectContaining({
      code: 'host-unfit',
      message: expect.stringMatching(
        /^pin\.destination: 1-2 names processor 1, which this process may not use: the cpuset .* is 2-3\. /u,
      ) as unknown,
    }),
  );
});

test('where nothing is pinned nothing is asked', async () => {
  const never = () => Promise.reject(new Error('asked'));
  await expect(requireProcessors([plannedTrial()], never)).resolves.toBeUndefined();
});
