/** From what was measured to a card. */
import { meanOf, medianOf } from '../analysis/numbers.ts';
import { MigbenchError } from '../errors.ts';
import { formatDuration } from '../units.ts';
import type { Card } from './card.ts';
import { assumedCosts } from './conditions.ts';
import { dirtyFunction, spreadOf, type DirtyCurve } from './curve.ts';
import type { DirtyWindow, GuestMeasurement } from './measure/measure-guest.ts';
import { readingLoss } from './measure/reading-cost.ts';
import { phasesOf } from './phases.ts';
import { requiredBandwidths, requiredDowntimes } from './recommend.ts';
import { PAGE_BYTES } from './wire.ts';

/** What a card says of itself beside what was measured. */
export type CardFrame = Pick<
  Card,
  'workload' | 'workloadParams' | 'guest' | 'qemu' | 'accelerator' | 'createdAt'
> &
  Pick<Card, 'migbench' | 'title' | 'host' | 'progressUnit'>;

/** A window that came out more than this longer or shorter than it should is left out. */
const WINDOW_TOLERANCE = 0.2;
/** And one that was not the same for all of memory. */
const UNEVEN_TOLERANCE = 0.1;
/** Fewer independent windows than this are worth a warning. */
const LEAST_INDEPENDENT = 3;
/** A guest that dirties less than this in a second is idle, bytes. */
const IDLE_BYTES_PER_SECOND = 1024 * 1024;
const LEAST_CHANGED_PAGES = 64;
const MIB = 1024 * 1024;
const MUCH_DISTURBANCE_PERCENT = 10;

const METHOD =
  'The guest’s memory was read through its shared memory file by a program beside QEMU; a page counts as dirty where ' +
  'its hash differs between two readings. Cross-checks: QEMU’s calc-dirty-rate.';

/** @throws MigbenchError `host-unfit` where not a single window could be used. */
export function makeCard(frame: CardFrame, measured: GuestMeasurement): Card {
  const dirtyCurve = curveOf(measured);
  if (dirtyCurve.length === 0) {
    throw new MigbenchError(
      'host-unfit',
      `No window came out as long as it should: this host is too slow for a guest of this size, whose memory it reads in ${formatDuration(measured.scanMs)}. ` +
        'Ask for longer windows, and fewer (--windows 10s,60s), or for less memory; or measure while the host has nothing else to do.',
    );
  }
  const nonZeroBytes =
    medianOf(measured.snapshots.map(({ nonZeroPages }) => nonZeroPages)) * PAGE_BYTES;
  const dirty = dirtyFunction(dirtyCurve, nonZeroBytes, 'median');
  const { compression, dirtyCompression, delta, cost, touched } = measured;
  const loss = readingLoss(cost);
  const disturbance = loss === undefined ? undefined : loss.expected * readingShare(measured);
  const fewChanged = (delta?.changedPages ?? 0) < LEAST_CHANGED_PAGES;
  const dirtyCompressionRatio = fewChanged ? undefined : dirtyCompression?.ratio;
  const workload = {
    dirtyCurve,
    nonZeroBytes,
    memoryBytes: frame.guest.memoryBytes,
    compressionRatio: compression?.ratio,
    dirtyCompressionRatio,
    deltaBytesPerDirtyPage: deltaPerPage(delta),
    cpuBusyPercent: measured.cpuBusyPercent,
    tails: tailsOf(measured, frame.guest.memoryBytes),
  };
  const costs =
    compression === undefined
      ? assumedCosts
      : { ...assumedCosts, zlibBytesPerSecond: compression.bytesPerSecond };
  const phases = phasesOf(measured.series);
  return {
    schemaVersion: 1,
    ...frame,
    method: METHOD,
    dirtyCurve: dirtyCurve.map(({ windowMs, uniqueDirtyBytes }) => ({
      windowMs,
      uniqueDirtyBytes: { ...uniqueDirtyBytes },
    })),
    workingSetBytes: dirty.workingSetBytes,
    nonZeroBytes,
    zeroFraction: Math.max(0, 1 - nonZeroBytes / frame.guest.memoryBytes),
    ...defined({
      compressionRatio: compression?.ratio,
      deltaBytesPerDirtyPage: deltaPerPage(delta),
      touchedBytes: touched?.bytes,
      touchedWindowMs: touched?.windowMs,
      disturbancePercent: disturbance,
      progressPerSecond: loss === undefined ? undefined : meanOf(cost.map(({ alone }) => alone)),
      zlibBytesPerSecond: compression?.bytesPerSecond,
      dirtyCompressionRatio,
    }),
    ...(loss === undefined ? {} : { readingLossPercent: { ...loss } }),
    cpuBusyPercent: [...measured.cpuBusyPercent],
    requiredBandwidth: requiredBandwidths(workload, costs),
    requiredDowntime: requiredDowntimes(workload, costs),
    phases: {
      kind: phases.kind,
      detail: phases.detail,
      windowMs: measured.schedule.gridMs,
      ...(phases.levels === undefined ? {} : { levels: [...phases.levels] }),
    },
    warnings: warningsOf(measured, dirtyCurve, { disturbance, phases: phases.kind, frame }),
    footprintBytes: Math.max(...measured.snapshots.map(({ heldPages }) => heldPages)) * PAGE_BYTES,
    ...(workload.tails === undefined ? {} : { tails: workload.tails }),
    measuredForMs: measured.schedule.durationMs,
    scanMs: measured.scanMs,
    crossChecks: crossChecksOf(measured, dirty),
  };
}

/** The part of the time in which memory was read. */
function readingShare({ schedule, scanMs }: GuestMeasurement): number {
  return Math.min(1, (schedule.offsetsMs.length * scanMs) / schedule.durationMs);
}

/** The curve over the windows that came out as long as they should. */
function curveOf({ schedule, windows }: GuestMeasurement): DirtyCurve {
  return schedule.windows.flatMap(({ windowMs, independent }) => {
    const used = usable(windows, windowMs);
    const spread = spreadOf(
      used.map(({ bytes }) => bytes),
      Math.min(independent, used.length),
    );
    const tookMs = medianOf(used.map((window) => window.tookMs));
    return spread === undefined
      ? []
      : [{ windowMs: Math.round(tookMs * 10) / 10, uniqueDirtyBytes: spread }];
  });
}

function usable(windows: readonly DirtyWindow[], windowMs: number): DirtyWindow[] {
  return windows.filter(
    (window) =>
      window.windowMs === windowMs &&
      Math.abs(window.tookMs - windowMs) <= WINDOW_TOLERANCE * windowMs &&
      window.unevenMs <= UNEVEN_TOLERANCE * windowMs,
  );
}

function tailsOf({ tailNonZeroPages }: GuestMeasurement, memoryBytes: number) {
  return tailNonZeroPages?.map((pages, index) => ({
    bytes: Math.min(memoryBytes, 2 ** index * MIB),
    nonZeroBytes: pages * PAGE_BYTES,
  }));
}

/** Where too few pages changed, what they have in common is chance. */
function deltaPerPage(delta: GuestMeasurement['delta']): number | undefined {
  return delta === undefined || delta.changedPages < LEAST_CHANGED_PAGES
    ? undefined
    : delta.encodedBytes / delta.changedPages;
}

function crossChecksOf(measured: GuestMeasurement, dirty: (ms: number) => number) {
  const { readings, refused } = measured.dirtyRates;
  const keys = [...new Set(readings.map(({ mode, windowMs }) => `${mode} ${windowMs}`))];
  const checks = keys.flatMap((key) => {
    const own = readings.filter(({ mode, windowMs }) => `${mode} ${windowMs}` === key);
    const [first] = own;
    const spread = spreadOf(own.map(({ uniqueDirtyBytes }) => uniqueDirtyBytes));
    if (first === undefined || spread === undefined) return [];
    const expected = dirty(first.windowMs);
    // Seen under TCG: this mode counts what KVM logs.
    const silent = first.mode === 'dirty-bitmap' && spread.high === 0 && expected > 0;
    return [
      {
        method: `calc-dirty-rate ${first.mode}`,
        windowMs: first.windowMs,
        uniqueDirtyBytes: spread,
        ...(expected <= 0 || silent
          ? {}
          : { differencePercent: (100 * (spread.median - expected)) / expected }),
        ...(silent ? { note: '0: this mode sees nothing under this accelerator' } : {}),
      },
    ];
  });
  return [
    ...checks,
    ...refused.map(({ mode, why }) => ({
      method: `calc-dirty-rate ${mode}`,
      windowMs: 0,
      uniqueDirtyBytes: { n: 1, median: 0, low: 0, high: 0 },
      note: `not measured: ${why}`,
    })),
  ];
}

function warningsOf(
  measured: GuestMeasurement,
  curve: DirtyCurve,
  about: {
    readonly disturbance: number | undefined;
    readonly phases: string;
    readonly frame: CardFrame;
  },
): string[] {
  const seconds = (ms: number) => `${Number((ms / 1000).toPrecision(3))} s`;
  const few = curve.filter(
    ({ uniqueDirtyBytes: { independent = 0 } }) => independent < LEAST_INDEPENDENT,
  );
  const missing = measured.schedule.windows.filter(
    ({ windowMs }) => usable(measured.windows, windowMs).length === 0,
  );
  const perSecond =
    (curve.find(({ windowMs }) => windowMs >= 900) ?? curve.at(-1))?.uniqueDirtyBytes.median ?? 0;
  return [
    ...(about.frame.accelerator === 'tcg'
      ? [
          'The guest ran under TCG (emulation): its speed, and so what it dirties, is not that of KVM.',
        ]
      : []),
    ...(few.length === 0
      ? []
      : [
          `Windows of ${few.map(({ windowMs }) => seconds(windowMs)).join(', ')} rest on fewer than ${LEAST_INDEPENDENT} that do not overlap: their spread is too narrow.`,
        ]),
    ...missing.map(
      ({ windowMs }) =>
        `No window of ${seconds(windowMs)} came out as long as it should: this host was too slow for it.`,
    ),
    ...(about.phases === 'phases'
      ? [
          'The workload has phases: the curve mixes them. See the phases, and use the upper end of the spread.',
        ]
      : []),
    ...(about.phases === 'drift'
      ? [
          'The workload drifts: what it dirties changed all through the measurement. Measure it again later.',
        ]
      : []),
    ...(perSecond < IDLE_BYTES_PER_SECOND
      ? ['The guest is all but idle: what was measured is mostly the system around the workload.']
      : []),
    ...(about.disturbance !== undefined && about.disturbance > MUCH_DISTURBANCE_PERCENT
      ? [
          `Measuring cost the workload ${Math.round(about.disturbance)} % of its throughput: undisturbed it dirties more.`,
        ]
      : []),
  ];
}

function defined<T extends Record<string, number | undefined>>(values: T) {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  ) as { [Key in keyof T]?: number };
}
