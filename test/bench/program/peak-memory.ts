/** The most memory that the measuring process of a run ever held, seen from outside. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningProcess } from '../../../harness/sandbox/running.ts';

const LOOK_EVERY_MS = 100;
const MEASURING_PROCESS = '/harness/measure.js';

interface ProcessStatus {
  readonly pid: number;
  readonly parent: number;
  readonly command: readonly string[];
  /** Absent in a kernel thread and in a process that is ending. */
  readonly peakResidentBytes?: number;
}

function statusOf(pid: number): ProcessStatus | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const field = (name: string) => new RegExp(`^${name}:\\s+(\\d+)`, 'mu').exec(status)?.[1];
    const peak = field('VmHWM');
    return {
      ...{ pid, parent: Number(field('PPid')), command },
      ...(peak === undefined ? {} : { peakResidentBytes: Number(peak) * 1024 }),
    };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** The process itself, not the programs that became it or that wait for it. */
function measuringProcess(ancestor: number): ProcessStatus | undefined {
  const all = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/u.test(name))
      .flatMap((name) => statusOf(Number(name)) ?? [])
      .map((status) => [status.pid, status]),
  );
  const descends = (status: ProcessStatus | undefined): boolean =>
    status !== undefined && (status.pid === ancestor || descends(all.get(status.parent)));
  return [...all.values()].find(
    (status) =>
      status.command[0] === process.execPath &&
      status.command.some((word) => word.endsWith(MEASURING_PROCESS)) &&
      descends(status),
  );
}

/**
 * Look at the measuring process of a running `migbench run` a few times per second until that ends.
 *
 * @returns its peak resident size in bytes (VmHWM, which the kernel keeps: nothing is missed between two looks);
 *   `undefined` where it was never seen.
 */
export async function watchPeakMemory(
  program: RunningProcess,
  signal: AbortSignal,
): Promise<number | undefined> {
  let pid: number | undefined;
  let peak: number | undefined;
  while (program.pid !== undefined && program.exit === undefined) {
    const status = pid === undefined ? measuringProcess(program.pid) : statusOf(pid);
    pid = status?.pid;
    peak = status?.peakResidentBytes ?? peak;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  return peak;
}
