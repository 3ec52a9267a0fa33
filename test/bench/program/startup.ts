/** How long the program takes to say how it is used. */
import { run } from '../../../harness/sandbox/process.ts';
import type { Measurement } from '../measurement.ts';
import { timeTasks } from '../micro/tasks.ts';
import { migbench } from './command-line.ts';

const REPETITIONS = 15;
const CLAIMED_MS = 300;
const TIMEOUT_MS = 30_000;

export async function timeStartup(signal: AbortSignal): Promise<Measurement[]> {
  const help = () => run(migbench, ['--help'], { signal, timeoutMs: TIMEOUT_MS });
  const nothing = { file: process.execPath, args: ['-e', '0'] };
  const tasks = [
    { name: 'migbench --help', run: help },
    // What of it is Node's own: the claim is nothing without it.
    { name: 'node -e 0', run: () => run(nothing, [], { signal, timeoutMs: TIMEOUT_MS }) },
  ];
  const timed = await timeTasks('program', tasks, { timeMs: 0, iterations: REPETITIONS }, signal);
  return timed.map((task) =>
    task.name === 'migbench --help' ? { ...task, claimedBelow: CLAIMED_MS } : task,
  );
}
