/** Keep the observers to the processors that the plan gives them, and the QEMUs to theirs. */
import type { Job } from '../job.ts';
import type { Pinning } from '../plan/types.ts';
import type { HostRole } from '../sandbox/host.ts';
import { allowedProcessors } from '../sandbox/pinned.ts';
import { hostProgram, run } from '../sandbox/process.ts';

/** Deadline of taskset, ms. */
const TIMEOUT_MS = 5_000;
/** Where this process might run when it was started: before anything is pinned, so that a QEMU can be given it back. */
const unpinned = allowedProcessors();

/**
 * Pin this process, and with it the receivers and clients that it starts. All cells of a plan have the same pins; the
 * trials of a job may all come later (`untilPrecision`), its cells do not.
 *
 * @throws MigbenchError `host-unfit` where the host has no such processors.
 */
export async function pinObservers(
  { cells }: Pick<Job, 'cells'>,
  pid: number = process.pid,
): Promise<void> {
  const observers = cells[0]?.spec.pin?.observers;
  if (observers === undefined) return;
  await run(hostProgram('taskset'), ['--all-tasks', '--cpu-list', '--pid', observers, `${pid}`], {
    timeoutMs: TIMEOUT_MS,
    errorCode: 'host-unfit',
    purpose: 'keep the observers to their processors (pin.observers)',
  });
}

/**
 * The processors that a side's QEMU is kept to; `undefined` where it runs wherever migbench does. One that the plan does
 * not pin must not inherit where the observers are pinned to.
 *
 * @param own where migbench itself might run before.
 */
export function processorsOf(
  pin: Pinning | undefined,
  role: HostRole,
  own: string = unpinned,
): string | undefined {
  return pin?.[role] ?? (pin?.observers === undefined ? undefined : own);
}
