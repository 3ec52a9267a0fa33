/**
 * The host calibration: the same small tasks, timed (with tinybench where that can), stored with each run. It says
 * whether this host is the machine that an earlier run saw, and how quiet it is; it never judges a QEMU.
 */
import { Bench } from 'tinybench';
import type { Calibration } from './record/schema.ts';
import type { LinkCopies } from './sandbox/link-copy.ts';
import { formatExact } from './units.ts';

/** Time spent on each task, ms. */
const TASK_TIME_MS = 150;
const COPY_BYTES = 8 * 1024 * 1024;

/** A JSON document of the size of a `query-migrate` reply, with fixed content. */
const DOCUMENT = JSON.stringify({
  status: 'active',
  ram: Object.fromEntries(
    Array.from({ length: 24 }, (_, index) => [`field-${index}`, index * 4096]),
  ),
});

/**
 * Run the calibration: about half a second.
 *
 * - `memory-copy-8MiB`: memory bandwidth and cache pressure.
 * - `timer-1ms`: how late the kernel wakes a sleeper.
 * - `json-parse`: single-thread speed of the harness's own work.
 * - `link-copy-8MiB` (or another size): TCP over the shaped migration link, without a QEMU.
 */
export async function calibrate(copies?: LinkCopies): Promise<Calibration> {
  const from = Buffer.alloc(COPY_BYTES, 1);
  const to = Buffer.alloc(COPY_BYTES);
  const bench = new Bench({
    time: TASK_TIME_MS,
    warmupTime: 20,
    warmupIterations: 2,
    iterations: 10,
    throws: true,
  });
  bench
    .add('memory-copy-8MiB', () => {
      from.copy(to);
    })
    .add('timer-1ms', () => new Promise<void>((resolve) => setTimeout(resolve, 1)))
    .add('json-parse', () => {
      JSON.parse(DOCUMENT);
    });
  await bench.run();
  return {
    at: new Date().toISOString(),
    tasks: [
      ...bench.tasks.flatMap((task) =>
        'latency' in task.result
          ? [
              {
                name: task.name,
                medianMs: task.result.latency.p50,
                madMs: task.result.latency.mad,
                iterations: task.result.latency.samplesCount,
              },
            ]
          : [],
      ),
      ...(copies === undefined ? [] : [copyTask(copies)]),
    ],
  };
}

function copyTask({ bytes, timesMs }: LinkCopies): Calibration['tasks'][number] {
  const medianMs = middle(timesMs);
  return {
    name: `link-copy-${formatExact(bytes, 'bytes')}`,
    medianMs,
    madMs: middle(timesMs.map((time) => Math.abs(time - medianMs))),
    iterations: timesMs.length,
  };
}

/** Of an odd number of values. */
function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
