/** Keeping a program to some of the host's processors. Lists of them are the kernel's: `0,2-3`. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { hostProgram, run, type Program } from './process.ts';

/** Deadline of asking what can be had, ms. */
const PROBE_TIMEOUT_MS = 10_000;

export function pinned(program: Program, processors: string | undefined): Program {
  if (processors === undefined) return program;
  return {
    ...program,
    file: 'taskset',
    args: ['--cpu-list', processors, program.file, ...program.args],
  };
}

/** The numbers that a list names, those between the ends of a range included. */
export function processorsIn(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    const first = Math.min(from, to);
    return Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => first + index);
  });
}

/**
 * The processors of this host that are online, as a list. Their numbers may have holes: how many there are says nothing
 * of the highest.
 *
 * @param path the kernel's list; where it cannot be read, the processors are taken for numbered without holes.
 */
export function onlineProcessors(path = '/sys/devices/system/cpu/online'): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return `0-${cpus().length - 1}`;
  }
}

/**
 * The processors of a list that a process can be kept to here, as a list: the kernel leaves out, without a word, those
 * that the cpuset of its cgroup lacks.
 *
 * @throws MigbenchError `host-unfit` where it can be kept to none of them, or there is no taskset.
 */
export async function processorsToBeHad(processors: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await run(pinned(hostProgram('cat', ['/proc/self/status']), processors), [], {
    ...{ timeoutMs: PROBE_TIMEOUT_MS, signal, errorCode: 'host-unfit' },
    purpose: `keep a program to the processors ${processors}`,
  });
  return allowedProcessors(stdout);
}

/** Where the kernel lets a process run, as a list, by its /proc/PID/status; this process by default. */
export function allowedProcessors(status = readFileSync('/proc/self/status', 'utf8')): string {
  return /^Cpus_allowed_list:\s*(\S+)$/mu.exec(status)?.[1] ?? onlineProcessors();
}
