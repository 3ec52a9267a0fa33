/** Small tasks, timed with tinybench. */
import { Bench } from 'tinybench';
import type { Measurement } from '../measurement.ts';

export interface Task {
  readonly name: string;
  readonly run: () => unknown;
  readonly note?: string;
}

export interface Effort {
  /** Least time spent on each task, ms. */
  readonly timeMs: number;
  /** Least number of iterations of each task. */
  readonly iterations: number;
}

const WARM_UP_MS = 100;

/** Time tasks one after the other; a task that throws ends the benchmark. */
export async function timeTasks(
  group: string,
  tasks: readonly Task[],
  effort: Effort,
  signal: AbortSignal,
): Promise<Measurement[]> {
  const bench = new Bench({
    time: effort.timeMs,
    iterations: effort.iterations,
    warmupTime: effort.timeMs === 0 ? 0 : WARM_UP_MS,
    warmupIterations: 1,
    throws: true,
    // Each task listens to it, and never stops to.
    signal: AbortSignal.any([signal]),
  });
  for (const { name, run } of tasks) bench.add(name, run);
  await bench.run();
  signal.throwIfAborted();
  return bench.tasks.map(({ name, result }) => {
    const note = tasks.find((task) => task.name === name)?.note;
    const described = { group, name, unit: 'ms', ...(note === undefined ? {} : { note }) } as const;
    if (!('latency' in result)) return { ...described, n: 0 };
    const { p50, min, max, samplesCount } = result.latency;
    return { ...described, n: samplesCount, median: p50, min, max };
  });
}
