/** Facts about this machine, as the record keeps them, and whether it has what a plan needs. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { MigbenchError } from './errors.ts';
import type { CellSpec, GuestShape, PlannedTrial } from './plan/types.ts';
import type { Environment } from './record/schema.ts';
import { onlineProcessors, processorsIn } from './sandbox/pinned.ts';
import { formatBytes } from './units.ts';

/** What a QEMU takes beside its guest's memory, bytes: code, translation cache, buffers. */
const QEMU_OVERHEAD_BYTES = 128 * 1024 * 1024;
/** For a card: the same and what reads the guest, bytes; and the reader's snapshots, as a part of the guest's memory. */
const READING_OVERHEAD_BYTES = 256 * 1024 * 1024;
const SNAPSHOTS_SHARE = 0.25;
/** The huge pages that guests are given (harness/qemu/command-line.ts), whichever are this host's usual ones. */
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;
const HUGE_PAGES = '/sys/kernel/mm/hugepages/hugepages-2048kB';

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

/** /etc/os-release; empty where it cannot be read. */
export function osRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

function distribution(): string {
  return /^PRETTY_NAME="?(?<name>[^"\n]*)"?$/mu.exec(osRelease())?.groups?.['name'] ?? 'unknown';
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
 * Huge pages of 2 MiB (the size that guests are given) that are not in use, bytes, less those that are promised to
 * somebody who has not touched them yet. /proc/meminfo knows only the size that this host uses where nobody names one.
 *
 * @param folder the kernel's, of this size; one that is not there has no pages.
 */
export function freeHugePageBytes(folder: string = HUGE_PAGES): number {
  const pages = (name: string): number => {
    try {
      return Number(readFileSync(join(folder, name), 'utf8'));
    } catch {
      return 0;
    }
  };
  return Math.max(0, pages('free_hugepages') - pages('resv_hugepages')) * HUGE_PAGE_BYTES;
}

/** What a host can give to guests, bytes. */
export interface MemorySupply {
  readonly availableBytes: number;
  /** Reserved huge pages are no part of `availableBytes`. */
  readonly hugePageBytes: number;
}

function memorySupply(): MemorySupply {
  return { availableBytes: availableMemoryBytes(), hugePageBytes: freeHugePageBytes() };
}

/** A part of what guests need. */
interface MemoryNeed {
  readonly bytes: number;
  /** In words, up to the bytes: "a guest of 1 GiB runs twice during a migration and needs". */
  readonly who: string;
}

/** What guests need of this host: huge pages, and beside them memory that is available. */
interface MemoryNeeds {
  readonly hugePages: MemoryNeed;
  readonly available: MemoryNeed & { readonly remedy: string };
}

/** @throws MigbenchError `host-unfit` where this host lacks either. */
function requireSupply({ hugePages, available }: MemoryNeeds, supply: MemorySupply): void {
  if (hugePages.bytes > supply.hugePageBytes) {
    throw new MigbenchError(
      'host-unfit',
      `guest.backend: ${hugePages.who} ${formatBytes(hugePages.bytes)} of free 2 MiB huge pages, but this host has ` +
        `${formatBytes(supply.hugePageBytes)} of them. Reserve them as root: ` +
        `echo ${Math.ceil(hugePages.bytes / HUGE_PAGE_BYTES)} > ${HUGE_PAGES}/nr_hugepages ` +
        '(more where others use some), or use backend: memfd.',
    );
  }
  if (available.bytes <= supply.availableBytes) return;
  throw new MigbenchError(
    'host-unfit',
    `guest.memory: ${available.who} ${formatBytes(available.bytes)}, but this host has ` +
      `${formatBytes(supply.availableBytes)} available. ${available.remedy}`,
  );
}

/** A guest and how often this host holds its memory at once. */
interface Held {
  readonly guest: GuestShape;
  readonly times: 1 | 2;
}

/** What these guests need at most in huge pages, or beside them: the largest by the bytes that are held at once. */
function largest(held: readonly Held[], inHugePages: boolean): { bytes: number; held?: Held } {
  return held
    .filter(({ guest }) => (guest.backend === 'hugepages') === inHugePages)
    .map((one) => ({ bytes: one.times * one.guest.memoryBytes, held: one }))
    .reduce<{ bytes: number; held?: Held }>((most, one) => (one.bytes > most.bytes ? one : most), {
      bytes: 0,
    });
}

/**
 * A destination that is handed its guest's memory holds none beside the source's. (With x-ignore-shared both open a file
 * in the sandbox's own file system, which holds half of this host's memory at most: it is counted as two.)
 */
function heldIn({ guest, parameters }: CellSpec): Held {
  return { guest, times: parameters['mode'] === 'cpr-transfer' ? 1 : 2 };
}

const SMALLER_GUEST = 'Use a smaller guest (--set guest.memory=…).';
const FEWER_HUGE_PAGES = 'Free some memory, or reserve fewer huge pages.';

/**
 * Both sides of a migration hold the guest's memory, unless the one hands it to the other: in huge pages where the guest's backend is
 * those, else in what this host has available.
 *
 * @throws MigbenchError `host-unfit` where this host cannot hold the largest guest of these trials as often.
 */
export function requireMemory(
  trials: readonly PlannedTrial[],
  supply: MemorySupply = memorySupply(),
): void {
  if (trials.length === 0) return;
  const held = trials.map(({ cell }) => heldIn(cell.spec));
  const [huge, ordinary] = [largest(held, true), largest(held, false)];
  const who = (place: string, one: Held | undefined) =>
    `a guest of ${formatBytes(one?.guest.memoryBytes ?? 0)}${place} ` +
    (one?.times === 1
      ? 'that is handed over in a migration needs'
      : 'runs twice during a migration and needs');
  requireSupply(
    {
      hugePages: { bytes: huge.bytes, who: who(' in huge pages', huge.held) },
      available: {
        bytes: ordinary.bytes + 2 * QEMU_OVERHEAD_BYTES,
        ...(ordinary.bytes === 0
          ? {
              who: 'the two QEMUs of a migration need, beside their guests’ huge pages,',
              remedy: FEWER_HUGE_PAGES,
            }
          : { who: who('', ordinary.held), remedy: SMALLER_GUEST }),
      },
    },
    supply,
  );
}

/**
 * One guest after the other is characterized: each runs once, and snapshots of its memory are kept beside it.
 *
 * @throws MigbenchError `host-unfit` where this host cannot hold the largest of these guests.
 */
export function requireMemoryToCharacterize(
  guests: readonly GuestShape[],
  supply: MemorySupply = memorySupply(),
): void {
  const held = guests.map((guest): Held => ({ guest, times: 1 }));
  const [huge, ordinary] = [largest(held, true).bytes, largest(held, false).bytes];
  const besideHuge = huge * SNAPSHOTS_SHARE;
  const withOrdinary = ordinary * (1 + SNAPSHOTS_SHARE);
  const who = (bytes: number) => `characterizing a guest of ${formatBytes(bytes)}`;
  requireSupply(
    {
      hugePages: { bytes: huge, who: `${who(huge)} in huge pages needs` },
      available: {
        bytes: Math.max(besideHuge, withOrdinary) + READING_OVERHEAD_BYTES,
        ...(besideHuge > withOrdinary
          ? { who: `${who(huge)} needs, beside its huge pages,`, remedy: FEWER_HUGE_PAGES }
          : { who: `${who(ordinary)} needs`, remedy: SMALLER_GUEST }),
      },
    },
    supply,
  );
}

/**
 * @param online this host's processors, as the kernel lists them.
 * @param toBeHad which of a list a program can be kept to here; asked only where something is pinned.
 * @throws MigbenchError `host-unfit` where the plan pins something to a processor that this host does not have online, or
 *   that the cpuset of this process lacks.
 */
export async function requireProcessors(
  trials: readonly PlannedTrial[],
  toBeHad: (processors: string) => Promise<string>,
  online: string = onlineProcessors(),
): Promise<void> {
  const pins = new Map(
    trials.flatMap(({ cell }) =>
      Object.entries(cell.spec.pin ?? {}).flatMap(([who, processors]) =>
        typeof processors === 'string' ? [[`pin.${who}: ${processors}`, processors] as const] : [],
      ),
    ),
  );
  if (pins.size === 0) return;
  requireAll(pins, online, `which this host does not have or has offline; online are ${online}.`);
  const cpuset = await toBeHad(online);
  requireAll(
    pins,
    cpuset,
    `which this process may not use: the cpuset of its cgroup (a container's limit, or a service's AllowedCPUs) is ${cpuset}. ` +
      'Pin to those, or widen the cpuset.',
  );
}

/** @throws MigbenchError `host-unfit` where a pin names a processor that is not in the list, saying why it counts. */
function requireAll(pins: ReadonlyMap<string, string>, list: string, why: string): void {
  const known = new Set(processorsIn(list));
  for (const [pin, processors] of pins) {
    const missing = processorsIn(processors).find((processor) => !known.has(processor));
    if (missing === undefined) continue;
    throw new MigbenchError('host-unfit', `${pin} names processor ${missing}, ${why}`);
  }
}
