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
  const [timed] = await timeTasks(
    'program',
    [{ name: 'migbench --help', run: help }],
    { timeMs: 0, iterations: REPETITIONS },
    signal,
  );
  return timed === undefined ? [] : [{ ...timed, claimedBelow: CLAIMED_MS }];
}
