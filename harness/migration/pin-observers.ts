/** Keep the observers to the processors that the plan gives them. */
import type { Job } from '../job.ts';
import { hostProgram, run } from '../sandbox/process.ts';

/** Deadline of taskset, ms. */
const TIMEOUT_MS = 5_000;

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
