/** Facts about this machine, as the record keeps them, and whether it has what a plan needs. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { MigbenchError } from './errors.ts';
import type { PlannedTrial } from './plan/types.ts';
import type { Environment } from './record/schema.ts';
import { highestProcessor } from './sandbox/pinned.ts';
import { formatBytes } from './units.ts';

/** What a QEMU takes beside its guest's memory, bytes: code, translation cache, buffers. */
const QEMU_OVERHEAD_BYTES = 128 * 1024 * 1024;
/** The huge pages that guests are given (harness/qemu/command-line.ts). */
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;

export function describeHost(): Environment['host'] {
  const processors = cpus();
  return {
    kernel: release(),
    cpuModel: processors[0]?.model ?? 'unknown',
    cpus: processors.length,
    memoryBytes: totalmem(),
    distribution: distribution(),
  };
}

function distribution(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?(?<name>[^"\n]*)"?$/mu.exec(text)?.groups?.['name'] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Memory that can be used without swapping, bytes; a cgroup's limit counts where it is lower. */
export function availableMemoryBytes(): number {
  const meminfo = readFileSync('/proc/meminfo', 'utf8');
  const kilobytes = Number(/^MemAvailable:\s+(?<kb>\d+) kB$/mu.exec(meminfo)?.groups?.['kb']);
  const constrained = process.constrainedMemory();
  const available = Number.isFinite(kilobytes) ? kilobytes * 1024 : totalmem();
  return constrained > 0 ? Math.min(available, constrained) : available;
}

/** Huge pages of 2 MiB (the size that guests are given) that are reserved and not in use, bytes. */
export function freeHugePageBytes(meminfo: string = readFileSync('/proc/meminfo', 'utf8')): number {
  const value = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'mu').exec(meminfo)?.[1] ?? 0);
  const kilobytes = value('Hugepagesize');
  return kilobytes * 1024 === HUGE_PAGE_BYTES ? value('HugePages_Free') * HUGE_PAGE_BYTES : 0;
}

/** What a host can give to guests, bytes. */
export interface MemorySupply {
  readonly availableBytes: number;
  /** Reserved huge pages are no part of `availableBytes`. */
  readonly hugePageBytes: number;
}

/**
 * Both sides of a migration hold the guest's memory: in huge pages where the guest's backend is those, else in what
 * this host has available.
 *
 * @throws MigbenchError `host-unfit` where this host cannot hold the largest guest of these trials twice.
 */
export function requireMemory(
  trials: readonly PlannedTrial[],
  supply: MemorySupply = {
    availableBytes: availableMemoryBytes(),
    hugePageBytes: freeHugePageBytes(),
  },
): void {
  const largest = (isHuge: boolean): number =>
    Math.max(
      0,
      ...trials
        .map(({ cell }) => cell.spec.guest)
        .filter(({ backend }) => (backend === 'hugepages') === isHuge)
        .map(({ memoryBytes }) => memoryBytes),
    );
  const huge = largest(true);
  if (2 * huge > supply.hugePageBytes) {
    throw new MigbenchError(
      'host-unfit',
      `guest.backend: a guest of ${formatBytes(huge)} in huge pages runs twice during a migration and needs ` +
        `${formatBytes(2 * huge)} of free 2 MiB huge pages, but this host has ${formatBytes(supply.hugePageBytes)} of them. ` +
        `Reserve them as root: sysctl -w vm.nr_hugepages=${Math.ceil((2 * huge) / HUGE_PAGE_BYTES)} ` +
        '(more where others use some), or use backend: memfd.',
    );
  }
  const ordinary = largest(false);
  const needed = 2 * (ordinary + QEMU_OVERHEAD_BYTES);
  if (trials.length === 0 || needed <= supply.availableBytes) return;
  const guest =
    ordinary === 0
      ? `guest.memory: the two QEMUs of a migration need ${formatBytes(needed)} beside their guests' huge pages`
      : `guest.memory: a guest of ${formatBytes(ordinary)} runs twice during a migration and needs ${formatBytes(needed)}`;
  throw new MigbenchError(
    'host-unfit',
    `${guest}, but this host has ${formatBytes(supply.availableBytes)} available. ` +
      (ordinary === 0
        ? 'Free some memory, or reserve fewer huge pages.'
        : 'Use a smaller guest (--set guest.memory=…).'),
  );
}

/**
 * @param count processors of this host.
 * @throws MigbenchError `host-unfit` where the plan pins something to a processor that this host does not have.
 */
export function requireProcessors(trials: readonly PlannedTrial[], count = cpus().length): void {
  for (const { cell } of trials) {
    for (const [who, processors] of Object.entries(cell.spec.pin ?? {})) {
      if (typeof processors !== 'string' || highestProcessor(processors) < count) continue;
      throw new MigbenchError(
        'host-unfit',
        `pin.${who}: ${processors} names a processor that this host does not have; it has ${count}, numbered 0 to ${count - 1}.`,
      );
    }
  }
}
