/** Processor time: of a process and of the whole host, from /proc. Linux counts both in ticks of 10 ms. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks per second of /proc: USER_HZ, which Linux fixes at 100 for every program. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process since its start, in seconds; `undefined` where it cannot be read. */
export function processCpuSeconds(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The same in ns, of all threads that live, without the ticks' coarseness; 0 where it cannot be read. */
export function processCpuNanoseconds(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map((thread) => threadCpuNanoseconds(`/proc/${pid}/task/${thread}`))
      .reduce((sum, value) => sum + value, 0);
  } catch {
    return 0;
  }
}

/** Seconds that each living child of a process has used so far, by its process id; its own children do not count. */
export function childrenCpu(pid: number): Map<number, { name: string; seconds: number }> {
  const children = new Map<number, { name: string; seconds: number }>();
  try {
    const lists = readdirSync(`/proc/${pid}/task`).map((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'),
    );
    for (const child of lists.join(' ').split(/\s+/u).filter(Boolean).map(Number)) {
      children.set(child, {
        name: readFileSync(`/proc/${child}/comm`, 'utf8').trim(),
        seconds: processCpuNanoseconds(child) / 1e9,
      });
    }
  } catch {
    // One has ended meanwhile, or this kernel does not list children: what was found stands.
  }
  return children;
}

/** @param folder /proc/PID/task/TID; throws where the thread has ended. */
export function threadCpuNanoseconds(folder: string): number {
  const [nanoseconds = ''] = readFileSync(`${folder}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds);
}

/** Read /proc/PID/stat: the name in it may hold spaces and brackets, so count from the last bracket. */
export function parseProcessStat(text: string): number | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const user = Number(fields[11]);
  const system = Number(fields[12]);
  return Number.isFinite(user + system) ? (user + system) / TICKS_PER_SECOND : undefined;
}

export interface HostCpu {
  readonly busySeconds: number;
  readonly totalSeconds: number;
}

/** Time all processors of the host have spent, since boot; `undefined` where it cannot be read. */
export function hostCpu(): HostCpu | undefined {
  try {
    return parseHostStat(readFileSync('/proc/stat', 'utf8'));
  } catch {
    return undefined;
  }
}

/** Read the first line of /proc/stat: user nice system idle iowait irq softirq steal; idle and iowait are not busy. */
export function parseHostStat(text: string): HostCpu | undefined {
  const line = text.slice(0, text.indexOf('\n'));
  const ticks = line.split(/\s+/u).slice(1, 9).map(Number);
  if (!line.startsWith('cpu ') || ticks.length < 8 || ticks.some(Number.isNaN)) return undefined;
  const total = ticks.reduce((sum, value) => sum + value, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return {
    busySeconds: (total - idle) / TICKS_PER_SECOND,
    totalSeconds: total / TICKS_PER_SECOND,
  };
}
