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

const INTERVAL_MS = 50;
/** Threads that used less than this of a processor are left out of a sample, %. */
const LEAST_PERCENT = 1;

interface Reading {
  /** Monotonic, ms. */
  readonly atMs: number;
  /** By thread name with its side; threads of one name are added up. Seconds. */
  readonly seconds: ReadonlyMap<string, number>;
}

/** Timeline samples of kind `cpu`: name → percent of one processor; `details`: name → seconds of the migration. */
export function threadsProbe({ source, destination }: ProbeContext): Probe {
  const readings: Reading[] = [];
  const names = new Map<string, string>();
  const sampler = new Sampler(INTERVAL_MS, () => {
    const seconds = new Map<string, number>();
    for (const machine of [source, destination]) addThreads(machine, names, seconds);
    readings.push({ atMs: performance.now(), seconds });
  });
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

function addThreads(
  machine: Pick<Machine, 'label' | 'process'>,
  names: Map<string, string>,
  into: Map<string, number>,
): void {
  const { pid } = machine.process;
  if (pid === undefined) return;
  const folder = `/proc/${pid}/task`;
  try {
    const mainName = readFileSync(`${folder}/${pid}/comm`, 'utf8').trim();
    for (const thread of readdirSync(folder)) {
      const key = `${pid}/${thread}`;
      const seconds = threadCpuNanoseconds(`${folder}/${thread}`) / 1e9;
      // The main thread is named after whatever started QEMU.
      let name = thread === `${pid}` ? 'main' : names.get(key);
      if (name === undefined) {
        const written = readFileSync(`${folder}/${thread}/comm`, 'utf8').trim();
        // A thread that never took a name has its maker's.
        name = written === mainName ? 'other' : written;
        // One that was just made may still take one.
        if (seconds > 0.001) names.set(key, name);
      }
      const label = `${machine.label}/${name}`;
      into.set(label, (into.get(label) ?? 0) + seconds);
    }
  } catch {
    // The process or the thread has ended.
  }
}

/** Percent of one processor that each thread used since the reading before; times since `migrate`, ms. */
export function threadSamples(readings: readonly Reading[], startedAtMs: number): TimelineSample[] {
  return readings.slice(1).flatMap((reading, index): TimelineSample[] => {
    const before = readings[index] ?? reading;
    const elapsedMs = reading.atMs - before.atMs;
    const values = Object.fromEntries(
      [...reading.seconds]
        .map(([name, seconds]): [string, number] => [
          name,
          Math.round(((seconds - (before.seconds.get(name) ?? 0)) * 1_000_000) / elapsedMs) / 10,
        ])
        .filter(([, percent]) => percent >= LEAST_PERCENT),
    );
    const atMs = Math.round((reading.atMs - startedAtMs) * 1000) / 1000;
    return elapsedMs > 0 ? [{ atMs, kind: 'cpu', values }] : [];
  });
}

function secondsBetween(
  readings: readonly Reading[],
  fromMs: number,
  toMs: number,
): Record<string, number> {
  const first = readings.findLast(({ atMs }) => atMs <= fromMs);
  const total = new Map<string, number>();
  let before = first;
  for (const reading of readings) {
    if (first === undefined || reading.atMs <= first.atMs) continue;
    // A thread that ended is no longer counted: add up from reading to reading.
    for (const [name, seconds] of reading.seconds) {
      const used = seconds - (before?.seconds.get(name) ?? 0);
      if (used > 0) total.set(name, (total.get(name) ?? 0) + used);
    }
    before = reading;
    if (reading.atMs > toMs) break;
  }
  return Object.fromEntries(
    [...total].map(([name, seconds]) => [name, Math.round(seconds * 1e4) / 1e4]),
  );
}
