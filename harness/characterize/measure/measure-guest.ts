/**
 * Measures a running guest without migrating it: its memory is read on a schedule by a program beside QEMU, then QEMU
 * is asked for its own dirty rates, and before and after nothing is done, to see what the reading costs.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MigbenchError } from '../../errors.ts';
import type { Stage } from '../../guest/start-guest.ts';
import type { WarmGuest } from '../../guest/warm-guest.ts';
import { formatDuration } from '../../units.ts';
import type { SeriesPoint } from '../phases.ts';
import { PAGE_BYTES } from '../wire.ts';
import { compression, type Compression } from './compress.ts';
import { calcDirtyRates, type DirtyRateResult } from './dirty-rate.ts';
import { guestMemoryFile, RamReader, type Delta, type Snapshot } from './ram-reader.ts';
import { readingCost, type CostPair } from './reading-cost.ts';
import { scheduleOf, type Schedule } from './schedule.ts';
import { forgetTouched, touchedBytes } from './touched.ts';
import { busyPercent, vcpuClock } from './vcpus.ts';

/** One window, as it was measured. */
export interface DirtyWindow {
  /** Asked for. */
  readonly windowMs: number;
  /** As it came out. */
  readonly tookMs: number;
  /** By how much it differs between parts of memory, ms. */
  readonly unevenMs: number;
  /** From the first reading, ms. */
  readonly atMs: number;
  readonly bytes: number;
}

/** Everything that was seen. */
export interface GuestMeasurement {
  readonly schedule: Schedule;
  readonly windows: readonly DirtyWindow[];
  readonly snapshots: readonly Snapshot[];
  /** D of the grid's step over time. */
  readonly series: readonly SeriesPoint[];
  readonly scanMs: number;
  readonly cpuBusyPercent: readonly number[];
  readonly touched?: { readonly bytes: number; readonly windowMs: number };
  readonly dirtyRates: DirtyRateResult;
  /** Pages that are not zero in the last 1, 2, 4, … MiB of memory. */
  readonly tailNonZeroPages?: readonly number[];
  readonly delta?: Delta;
  readonly compression?: Compression;
  readonly dirtyCompression?: Compression;
  /** Throughput without and with memory being read; empty for a guest without a load. */
  readonly cost: readonly CostPair[];
}

export interface MeasureRequest {
  readonly stage: Stage;
  readonly guest: WarmGuest;
  readonly memoryBytes: number;
  readonly accelerator: 'kvm' | 'tcg';
  readonly windowsMs: readonly number[];
  readonly reader: string;
  /** For samples of pages, which do not stay. */
  readonly folder: string;
  /** Told what is being done, and how far the reading is (0 to 1). */
  readonly onStep: (step: string, share?: number) => void;
}

/** Reading lasts at least so long, ms. */
const SHORTEST_READING_MS = 20_000;
/** Pages that are compressed, and pages whose changes are looked at. */
const SAMPLED_PAGES = 2_048;
const DELTA_WINDOW_MS = 1_000;

/** @throws MigbenchError `guest` where the workload ends meanwhile; `host-unfit` where its memory cannot be read. */
export async function measureGuest(request: MeasureRequest): Promise<GuestMeasurement> {
  const { stage, guest, onStep, folder } = request;
  const { telemetry } = stage;
  const signal = guest.alive;
  const pid = guest.machine.process.pid ?? 0;
  const clock = await vcpuClock(guest.machine);
  const file = guestMemoryFile(guest.machine);
  await using reader = await RamReader.start(
    stage.sandbox,
    request.reader,
    file,
    request.memoryBytes,
  );
  // Once to have it mapped and warm, once to know its pace.
  await reader.scan();
  const { tookMs: scanMs } = await reader.scan();
  const schedule = scheduleOf({
    windowsMs: request.windowsMs,
    scanMs,
    durationMs: readingMs(request.windowsMs),
  });
  const touchedFromMs = performance.now();
  const canTouch = request.accelerator === 'tcg' && forgetTouched(pid);
  const times = clock();
  const reading = await span(async () => {
    const failed = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    const watch = watchWorkload(stage);
    const taken = reader.read(schedule.offsetsMs, () => {
      const elapsedMs = performance.now() - touchedFromMs;
      onStep(
        `reading its memory for ${formatDuration(schedule.endMs)}`,
        Math.min(1, elapsedMs / schedule.endMs),
      );
    });
    try {
      return await Promise.race([taken, failed, watch.broken]);
    } finally {
      watch.end();
      taken.catch(() => undefined);
    }
  });
  const busy = busyPercent(times, clock(), reading.toMs - reading.fromMs);
  const touched = canTouch ? touchedBytes(pid) : undefined;
  const touchedMs = performance.now() - touchedFromMs;
  // Before QEMU measures: its dirty log slows guests under TCG down for a while.
  onStep('seeing what reading costs');
  const cost = await readingCost(reader, () => telemetry.samples, signal);
  onStep('comparing what was read');
  const windows = await compareWindows(reader, schedule, reading.value);
  const contents = await contentsOf(reader, folder, reading.value.length);
  onStep('asking QEMU for its own dirty rates');
  const dirtyRates = await calcDirtyRates(guest.machine, request.accelerator, stage.signal);
  const { gridMs } = schedule;
  return {
    ...{ schedule, windows, scanMs, dirtyRates, cost, cpuBusyPercent: busy },
    ...contents,
    snapshots: reading.value,
    series: windows
      .filter(({ windowMs, tookMs }) => windowMs === gridMs && tookMs < 2 * gridMs)
      .map(({ atMs, bytes }) => ({ atMs, bytes })),
    ...(touched === undefined ? {} : { touched: { bytes: touched, windowMs: touchedMs } }),
  };
}

/** How long to read, ms: several of the longest window, but no more than a minute for that. */
function readingMs(windowsMs: readonly number[]): number {
  return Math.max(SHORTEST_READING_MS, Math.min(60_000, 6 * Math.max(...windowsMs)));
}

/** Run something between two moments of the monotonic clock. */
async function span<T>(
  work: () => Promise<T>,
): Promise<{ value: T; fromMs: number; toMs: number }> {
  const fromMs = performance.now();
  const value = await work();
  return { value, fromMs, toMs: performance.now() };
}

/** Rejects where the workload's program ends: figures of a guest without its load would be those of another guest. */
function watchWorkload({ telemetry }: Stage): { broken: Promise<never>; end: () => void } {
  let end: () => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    end = telemetry.onSample(({ state, text }) => {
      if (state !== 'failed' && state !== 'exited') return;
      const why = `The workload ${state} while it was measured (${text}).`;
      reject(
        new MigbenchError(
          'guest',
          `${why} A card needs a workload that runs all the time; shorter --windows need less of it.`,
        ),
      );
    });
  });
  broken.catch(() => undefined);
  return { broken, end };
}

async function compareWindows(
  reader: RamReader,
  schedule: Schedule,
  snapshots: readonly Snapshot[],
): Promise<DirtyWindow[]> {
  const windows: DirtyWindow[] = [];
  const first = snapshots[0]?.atMs ?? 0;
  const gridPairs = schedule.windows.some(({ windowMs }) => windowMs === schedule.gridMs)
    ? []
    : [{ windowMs: schedule.gridMs, pairs: gridSteps(schedule) }];
  for (const { windowMs, pairs } of [...schedule.windows, ...gridPairs]) {
    for (const [from, to] of pairs) {
      const { changedPages, windowMs: tookMs, unevenMs } = await reader.compare(from, to);
      const atMs = (snapshots[from]?.atMs ?? first) - first;
      windows.push({ windowMs, tookMs, unevenMs, atMs, bytes: changedPages * PAGE_BYTES });
    }
  }
  return windows;
}

/** Neighbours on the grid, for the series, where no window has the length of its step. */
function gridSteps({ offsetsMs, gridMs }: Schedule): (readonly [number, number])[] {
  return offsetsMs.flatMap((at, from) => {
    const to = offsetsMs.indexOf(at + gridMs);
    return at % gridMs === 0 && to >= 0 ? [[from, to] as const] : [];
  });
}

async function contentsOf(
  reader: RamReader,
  folder: string,
  snapshots: number,
): Promise<
  Pick<GuestMeasurement, 'tailNonZeroPages' | 'delta' | 'compression' | 'dirtyCompression'>
> {
  const sample = join(folder, 'sample.pages');
  const changed = join(folder, 'changed.pages');
  try {
    const tailNonZeroPages = await reader.tails();
    await reader.sample(SAMPLED_PAGES, sample);
    const delta = await reader.delta(
      ...([Math.max(0, snapshots - 3), snapshots - 1] as const),
      ...([DELTA_WINDOW_MS, SAMPLED_PAGES] as const),
      changed,
    );
    const all = await compression(sample);
    const dirty = await compression(changed);
    return {
      tailNonZeroPages,
      delta,
      ...(all === undefined ? {} : { compression: all }),
      ...(dirty === undefined ? {} : { dirtyCompression: dirty }),
    };
  } finally {
    await rm(sample, { force: true });
    await rm(changed, { force: true });
  }
}
