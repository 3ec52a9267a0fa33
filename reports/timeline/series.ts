/** What a timeline shows of a trial's samples: each series' source, unit, and how samples of one moment are joined. */
import type { TimelineSample } from '../../harness/record/schema.ts';

/** How several samples in one step of time become one figure. */
export type Join = 'mean' | 'last' | 'highest';

/** A figure of a sample that belongs to a series. */
export interface SeriesValue {
  /** For readers; series of one panel differ in it. */
  readonly series: string;
  readonly value: number;
  /** Of a rate, the time it is the rate of, ms: a mean over several counts it so. Absent: as much as any other. */
  readonly overMs?: number;
}

export interface Panel {
  /** The name of its data set. */
  readonly name: string;
  /** With the unit. */
  readonly title: string;
  readonly kind: TimelineSample['kind'];
  readonly join: Join;
  /** Nothing to show where nothing but 0 was seen: no throttling, no errors. */
  readonly quietAtZero?: true;
  /** What a sample says to this panel; `before` is the sample of the same kind before it. */
  readonly values: (
    sample: TimelineSample,
    before: TimelineSample | undefined,
  ) => readonly SeriesValue[];
}

const PAGE_BYTES = 4096;
const MIB = 2 ** 20;

function value(series: string, figure: number | undefined, unit = 1): readonly SeriesValue[] {
  return figure === undefined ? [] : [{ series, value: figure / unit }];
}

/** A rate since the sample before: samples that were held up arrive together, and some are of microseconds. */
function rate(
  series: string,
  figure: number | undefined,
  sample: TimelineSample,
  before: TimelineSample | undefined,
): readonly SeriesValue[] {
  if (figure === undefined) return [];
  return [
    {
      series,
      value: figure,
      ...(before === undefined ? {} : { overMs: sample.atMs - before.atMs }),
    },
  ];
}

/** Bytes of an interval as a rate; the first interval has no beginning. */
function wireRate(
  series: string,
  bytes: number | undefined,
  sample: TimelineSample,
  before: TimelineSample | undefined,
): readonly SeriesValue[] {
  const elapsedMs = before === undefined ? 0 : sample.atMs - before.atMs;
  if (bytes === undefined || elapsedMs <= 0) return [];
  return rate(series, (bytes * 8) / (elapsedMs * 1000), sample, before);
}

/** From top to bottom. A panel without a figure is left out. */
export const panels: readonly Panel[] = [
  {
    name: 'remaining',
    title: 'remaining (MiB)',
    kind: 'migration',
    join: 'last',
    values: (sample) => value('remaining', sample.remainingBytes, MIB),
  },
  {
    name: 'rate',
    title: 'rate, QEMU says (Mbit/s)',
    kind: 'migration',
    join: 'mean',
    values: (sample) => value('QEMU says', sample.rateBitsPerSecond, 1e6),
  },
  {
    name: 'wire',
    title: 'on the wire (Mbit/s)',
    kind: 'wire',
    join: 'mean',
    values: (sample, before) => [
      ...wireRate('to destination', sample.bytesToDestination, sample, before),
      ...wireRate('to source', sample.bytesToSource, sample, before),
    ],
  },
  {
    name: 'dirty',
    title: 'dirtied (MiB/s)',
    kind: 'migration',
    join: 'last',
    values: (sample) =>
      sample.dirtyPagesPerSecond === undefined || sample.dirtyPagesPerSecond === 0
        ? []
        : value('dirtied', sample.dirtyPagesPerSecond * PAGE_BYTES, MIB),
  },
  {
    name: 'throttle',
    title: 'throttle (%)',
    quietAtZero: true,
    kind: 'migration',
    join: 'highest',
    values: (sample) => value('throttle', sample.throttlePercent),
  },
  {
    name: 'progress',
    title: 'work (per s)',
    quietAtZero: true,
    kind: 'progress',
    join: 'mean',
    values: (sample, before) => rate('work', sample.progressPerSecond, sample, before),
  },
  {
    name: 'latency',
    title: 'service latency (ms)',
    kind: 'service',
    join: 'highest',
    values: (sample) => value('slowest answer', sample.values?.['latencyMs']),
  },
  {
    name: 'errors',
    title: 'service errors',
    quietAtZero: true,
    kind: 'service',
    join: 'highest',
    values: (sample) => value('errors', sample.values?.['errors']),
  },
  {
    name: 'heartbeat',
    title: 'heartbeat gap (ms)',
    kind: 'heartbeat',
    join: 'highest',
    values: (sample) => value('longest gap', sample.values?.['gapMs']),
  },
  {
    name: 'cpu',
    title: 'CPU (% of a core)',
    kind: 'cpu',
    join: 'mean',
    values: (sample, before) =>
      Object.entries(sample.values ?? {}).flatMap(([series, percent]) =>
        rate(series, percent, sample, before),
      ),
  },
];
