/** A measurement as it might have been made, and the card of it. */
import { makeCard, type CardFrame } from '../../../harness/characterize/make-card.ts';
import type { GuestMeasurement } from '../../../harness/characterize/measure/measure-guest.ts';
import { scheduleOf } from '../../../harness/characterize/measure/schedule.ts';

export const MIB = 1024 * 1024;

export const frame: CardFrame = {
  workload: 'memory-stress',
  workloadParams: { 'working-set': 64 * MIB, pattern: 'random' },
  guest: { memoryBytes: 384 * MIB, vcpus: 1, machineType: 'pc-i440fx-10.0', cpu: 'max' },
  qemu: { reference: 'debian:trixie', version: '10.0.13', package: '' },
  accelerator: 'tcg',
  createdAt: '2026-11-25T08:00:00.000Z',
  migbench: '0.1.0',
  title: 'memory-stress',
  host: '2 × a processor',
  progressUnit: 'pages',
};

/** Every window as long as it should be; dirties as `bytesIn` says. */
export function measurement(
  bytesIn: (ms: number) => number,
  more: Partial<GuestMeasurement> = {},
): GuestMeasurement {
  const schedule = scheduleOf({
    windowsMs: [100, 300, 1000, 4000, 15_000],
    scanMs: 60,
    durationMs: 30_000,
  });
  const windows = schedule.windows.flatMap(({ windowMs, pairs }) =>
    pairs.map(([from]) => ({
      ...{ windowMs, tookMs: windowMs, unevenMs: 0, bytes: bytesIn(windowMs) },
      atMs: schedule.offsetsMs[from]!,
    })),
  );
  return {
    schedule,
    windows,
    snapshots: [
      { index: 0, atMs: 0, lateMs: 0, nonZeroPages: 32_768, heldPages: 90_000, cpuMs: 60 },
    ],
    series: windows.filter(({ windowMs }) => windowMs === 1000),
    scanMs: 60,
    cpuBusyPercent: [42],
    dirtyRates: { readings: [], refused: [] },
    cost: Array.from({ length: 8 }, () => ({ alone: 5000, read: 4500 })),
    compression: { ratio: 2, bytesPerSecond: 80e6 },
    ...more,
  };
}

export const card = () =>
  makeCard(
    frame,
    measurement((ms) => Math.min(64, ms / 50) * MIB),
  );
