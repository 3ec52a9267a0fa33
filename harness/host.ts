/** Facts about this machine, as the record keeps them. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { MigbenchError } from './errors.ts';
import type { PlannedTrial } from './plan/types.ts';
import type { Environment } from './record/schema.ts';
import { formatBytes } from './units.ts';

/** What a QEMU takes beside its guest's memory, bytes: code, translation cache, buffers. */
const QEMU_OVERHEAD_BYTES = 128 * 1024 * 1024;

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

/**
 * Both sides of a migration hold the guest's memory.
 *
 * @throws MigbenchError `host-unfit` where this host cannot hold the largest guest of these trials twice.
 */
export function requireMemory(trials: readonly PlannedTrial[]): void {
  const largest = Math.max(0, ...trials.map(({ cell }) => cell.spec.guest.memoryBytes));
  const needed = 2 * (largest + QEMU_OVERHEAD_BYTES);
  const available = availableMemoryBytes();
  if (needed <= available) return;
  throw new MigbenchError(
    'host-unfit',
    `guest.memory: a guest of ${formatBytes(largest)} runs twice during a migration and needs ${formatBytes(needed)}, ` +
      `but this host has ${formatBytes(available)} available. Use a smaller guest (--set guest.memory=…).`,
  );
}
