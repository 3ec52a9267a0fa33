/**
 * Processor time of each thread of both QEMUs over time, by QEMU's own names: vCPUs, migration, multifd channels, the
 * main loop.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { TimelineSample } from '../record/schema.ts';
import type { Machine } from '../qemu/machine.ts';
import type { Probe, ProbeContext } from './probe.ts';
import { threadCpuNanoseconds } from './cpu.ts';
import { Sampler } from './sampler.ts';

/** From one reading to the next, ms; or as many as there are threads, where those are more: reading one takes its time. */
const LEAST_INTERVAL_MS = 50;
/** Threads that used less than this of a processor are left out of a sample, %. */
const LEAST_PERCENT = 1;

interface Reading {
  /** Monotonic, ms. */
  readonly atMs: number;
  /** Seconds so far, by thread name with its side, where they are not what they were; threads of one name are added up. */
  readonly seconds: ReadonlyMap<string, number>;
}

/** Timeline samples of kind `cpu`: name → percent of one processor; `details`: name → seconds of the migration. */
export function threadsProbe({ source, destination }: ProbeContext): Probe {
  const readings: Reading[] = [];
  const times = new ThreadTimes([source, destination]);
  const sampler = new Sampler(
    () => Math.max(LEAST_INTERVAL_MS, times.threads),
    () => {
      const seconds = times.changed();
      readings.push({ atMs: performance.now(), seconds });
    },
  );
  return {
    name: 'threads',
    start: () => {
      sampler.start();
      return Promise.resolve();
    },
    stop: () => sampler.stop(),
    report: ({ startedAtMs, migratedAtMs }) => ({
      timeline: threadSamples(readings, startedAtMs),
      details: { cpuSeconds: secondsBetween(readings, startedAtMs, migratedAtMs) },
    }),
  };
}

/** The processor time of all threads of some machines, as the kernel counts it. */
export class ThreadTimes {
  readonly #machines: readonly Pick<Machine, 'label' | 'process'>[];
  readonly #root: string;
  /** By process and thread: names that stay. */
  readonly #names = new Map<string, string>();
  /** Those that were read once. */
  readonly #written = new Map<string, string>();
  #seconds = new Map<string, number>();
  /** How many there were when they were last read. */
  threads = 0;

  /** @param root another one than /proc, for tests. */
  constructor(machines: readonly Pick<Machine, 'label' | 'process'>[], root = '/proc') {
    this.#machines = machines;
    this.#root = root;
  }

  /** Seconds by name, where they are not what they were when this was last asked; 0 where no such thread is left. */
  changed(): Map<string, number> {
    const seconds = new Map<string, number>();
    this.threads = 0;
    for (const machine of this.#machines) this.#add(machine, seconds);
    const before = this.#seconds;
    this.#seconds = seconds;
    return new Map(
      [
        ...seconds,
        ...[...before.keys()]
          .filter((name) => !seconds.has(name))
          .map((name): [string, number] => [name, 0]),
      ].filter(([name, value]) => value !== before.get(name)),
    );
  }

  #add({ label, process }: Pick<Machine, 'label' | 'process'>, into: Map<string, number>): void {
    const { pid } = process;
    if (pid === undefined) return;
    const folder = `${this.#root}/${pid}/task`;
    try {
      let main: string | undefined;
      const mainName = (): string => (main ??= nameOf(`${folder}/${pid}`));
      for (const thread of readdirSync(folder)) {
        this.threads += 1;
        this.#addThread(pid, thread, mainName, (name, seconds) => {
          const of = `${label}/${name}`;
          into.set(of, (into.get(of) ?? 0) + seconds);
        });
      }
    } catch {
      // The process has ended.
    }
  }

  #addThread(
    pid: number,
    thread: string,
    mainName: () => string,
    add: (name: string, seconds: number) => void,
  ): void {
    const folder = `${this.#root}/${pid}/task/${thread}`;
    const key = `${pid}/${thread}`;
    try {
      const seconds = threadCpuNanoseconds(folder) / 1e9;
      // The main thread is named after whatever started QEMU.
      let name = thread === `${pid}` ? 'main' : this.#names.get(key);
      if (name === undefined) {
        const written = nameOf(folder);
        // A thread that never took a name has its maker's.
        name = written === mainName() ? 'other' : written;
        // One that was just made may still take one: the first thing that it does. Its maker's may be another's than the first.
        const isSettled = seconds > 0.001 || (name !== 'other' && this.#written.get(key) === name);
        if (isSettled) this.#names.set(key, name);
        else this.#written.set(key, name);
      }
      add(name, seconds);
    } catch {
      // The thread has ended.
    }
  }
}

function nameOf(folder: string): string {
  return readFileSync(`${folder}/comm`, 'utf8').trim();
}

/** Percent of one processor that each thread used since the reading before; times since `migrate`, ms. */
export function threadSamples(readings: readonly Reading[], startedAtMs: number): TimelineSample[] {
  const known = new Map(readings[0]?.seconds);
  return readings.slice(1).flatMap((reading, index): TimelineSample[] => {
    const elapsedMs = reading.atMs - (readings[index] ?? reading).atMs;
    const values = Object.fromEntries(
      [...reading.seconds]
        .map(([name, seconds]): [string, number] => [
          name,
          Math.round(((seconds - (known.get(name) ?? 0)) * 1_000_000) / elapsedMs) / 10,
        ])
        .filter(([, percent]) => percent >= LEAST_PERCENT),
    );
    for (const [name, seconds] of reading.seconds) known.set(name, seconds);
    const atMs = Math.round((reading.atMs - startedAtMs) * 1000) / 1000;
    return elapsedMs > 0 ? [{ atMs, kind: 'cpu', values }] : [];
  });
}

/** Seconds of processor time from the last reading before one moment to the first one after another. */
export function secondsBetween(
  readings: readonly Reading[],
  fromMs: number,
  toMs: number,
): Record<string, number> {
  const first = readings.findLast(({ atMs }) => atMs <= fromMs);
  if (first === undefined) return {};
  const known = new Map<string, number>();
  const total = new Map<string, number>();
  for (const { atMs, seconds } of readings) {
    // A thread that ended is no longer counted: add up from reading to reading.
    for (const [name, value] of seconds) {
      const used = value - (known.get(name) ?? 0);
      if (atMs > first.atMs && used > 0) total.set(name, (total.get(name) ?? 0) + used);
      known.set(name, value);
    }
    if (atMs > toMs) break;
  }
  return Object.fromEntries(
    [...total].map(([name, seconds]) => [name, Math.round(seconds * 1e4) / 1e4]),
  );
}
