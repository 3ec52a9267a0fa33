/** Processor time of a guest's vCPUs, each by its thread. */
import type { Machine } from '../../qemu/machine.ts';
import { threadCpuNanoseconds } from '../../observe/cpu.ts';

/** Nanoseconds used so far, by vCPU. */
export type VcpuTimes = readonly number[];

/** A function that reads them. Under single-threaded TCG several vCPUs are one thread, which counts for each. */
export async function vcpuClock(machine: Machine): Promise<() => VcpuTimes> {
  const vcpus = await machine.qmp.execute('query-cpus-fast');
  const folder = `/proc/${machine.process.pid ?? 0}/task`;
  // In a PID namespace of the sandbox QEMU knows its threads by the same ids as this process does.
  const threads = vcpus.map((vcpu) => `${folder}/${vcpu['thread-id']}`);
  return () =>
    threads.map((thread) => {
      try {
        return threadCpuNanoseconds(thread);
      } catch {
        return 0;
      }
    });
}

/** Percent of a processor that each used between two readings. */
export function busyPercent(before: VcpuTimes, after: VcpuTimes, elapsedMs: number): number[] {
  return after.map((value, index) => {
    const percent = (value - (before[index] ?? 0)) / 1e4 / elapsedMs;
    return Math.round(Math.max(0, percent) * 10) / 10;
  });
}
