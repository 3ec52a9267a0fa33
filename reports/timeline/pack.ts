/**
 * A trial's timeline made small enough that the page can carry all of a run's: every series on one grid of time, in
 * three to four digits, differences instead of values, compressed. The page's `timeline-data.js` unpacks it.
 */
import { deflateRawSync } from 'node:zlib';
import type { TimelineSample, TrialRecord } from '../../harness/record/schema.ts';
import { panels, type Join, type Panel } from './series.ts';

/** What the page gets of a trial, as JSON. */
export interface PackedTimeline {
  /** Start of the grid and its step, ms since the `migrate` command. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly phases: readonly (readonly [name: string, startMs: number, endMs: number])[];
  readonly series: readonly PackedSeries[];
  /** Rules to compare a panel with. */
  readonly rules: readonly {
    readonly panel: string;
    readonly name: string;
    readonly value: number;
  }[];
}

export interface PackedSeries {
  readonly panel: string;
  readonly name: string;
  /** A value is its integer times this. */
  readonly quantum: number;
  /** Differences to the value before (from 0); `null` where a step has none. */
  readonly deltas: readonly (number | null)[];
}

/** What the rules are taken from. */
type PackedRecord = Pick<TrialRecord, 'link' | 'measurements' | 'effective'>;

/** Finer steps show nothing that the sampling (20 ms) has seen. */
const FINEST_STEP_MS = 10;
/** Threads with names of their own in the panel of CPU times; the quiet ones share one. */
const MOST_THREADS = 6;

/** Steps of time that each trial gets, so that a page with very many stays small. */
export function stepsFor(trials: number): number {
  return Math.min(600, Math.max(60, Math.round(240_000 / Math.max(1, trials))));
}

/** `undefined` where the samples show nothing. */
export function packTimeline(
  samples: readonly TimelineSample[],
  record: PackedRecord,
  mostSteps: number,
): PackedTimeline | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const spanMs = last.atMs - first.atMs;
  const stepMs = Math.max(FINEST_STEP_MS, Math.ceil(spanMs / mostSteps));
  const grid = { fromMs: first.atMs, stepMs, steps: Math.floor(spanMs / stepMs) + 1 };
  const series = panels.flatMap((panel) => packPanel(panel, samples, grid));
  if (series.length === 0) return undefined;
  return { ...grid, phases: phasesOf(samples, last.atMs), series, rules: rulesOf(record) };
}

/** The page's own form of it: deflated JSON in base64. */
export function compressed(timeline: PackedTimeline): string {
  return deflateRawSync(JSON.stringify(timeline), { level: 9 }).toString('base64');
}

interface Grid {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

function packPanel(
  panel: Panel,
  samples: readonly TimelineSample[],
  grid: Grid,
): readonly PackedSeries[] {
  const found = new Map<string, Reading[]>();
  let before: TimelineSample | undefined;
  for (const sample of samples) {
    if (sample.kind !== panel.kind) continue;
    const { atMs } = sample;
    for (const { series, value, overMs } of panel.values(sample, before)) {
      const values = found.get(series);
      const reading = { atMs, value, weight: overMs ?? 1 };
      if (values === undefined) found.set(series, [reading]);
      else values.push(reading);
    }
    before = sample;
  }
  if (
    panel.quietAtZero &&
    [...found.values()].every((all) => all.every(({ value }) => value === 0))
  )
    return [];
  return [...busiest(found)].map(([name, readings]) => {
    const joined = onGrid(readings, panel.join, grid);
    return { panel: panel.name, name, ...quantised(joined) };
  });
}

interface Reading {
  readonly atMs: number;
  readonly value: number;
  /** In a mean of several. */
  readonly weight: number;
}

/** The series that do most; the others' sum under one name. (Only CPU times have more than a few.) */
function busiest(
  found: ReadonlyMap<string, readonly Reading[]>,
): ReadonlyMap<string, readonly Reading[]> {
  if (found.size <= MOST_THREADS) return found;
  const sum = (readings: readonly Reading[]) =>
    readings.reduce((total, { value }) => total + value, 0);
  const sorted = [...found].toSorted(([, a], [, b]) => sum(b) - sum(a));
  // Of one moment, not of one step: a step holds several moments, whose mean is wanted.
  const rest = new Map<number, Reading>();
  for (const reading of sorted.slice(MOST_THREADS - 1).flatMap(([, readings]) => readings)) {
    const { value = 0 } = rest.get(reading.atMs) ?? {};
    rest.set(reading.atMs, { ...reading, value: value + reading.value });
  }
  return new Map([
    ...sorted.slice(0, MOST_THREADS - 1),
    ['other threads', [...rest.values()].toSorted((a, b) => a.atMs - b.atMs)],
  ]);
}

function onGrid(
  readings: readonly Reading[],
  join: Join,
  { fromMs, stepMs, steps }: Grid,
): readonly (number | undefined)[] {
  const joined = Array.from({ length: steps }, (): number | undefined => undefined);
  const weights = new Map<number, number>();
  for (const { atMs, value, weight } of readings) {
    const step = Math.floor((atMs - fromMs) / stepMs);
    const old = joined[step];
    const all = (weights.get(step) ?? 0) + weight;
    weights.set(step, all);
    if (old === undefined || join === 'last') joined[step] = value;
    else if (join === 'highest') joined[step] = Math.max(old, value);
    else if (all > 0) joined[step] = old + ((value - old) * weight) / all;
  }
  return joined;
}

/** At least a thousand steps up to the largest value. */
function quantised(
  values: readonly (number | undefined)[],
): Pick<PackedSeries, 'quantum' | 'deltas'> {
  const largest = Math.max(0, ...values.map((value) => Math.abs(value ?? 0)));
  const exponent = largest === 0 ? 0 : Math.floor(Math.log10(largest)) - 3;
  const quantum = Number(`1e${exponent}`);
  let before = 0;
  const deltas = values.map((value) => {
    if (value === undefined) return null;
    const rounded = Math.round(value / quantum);
    const delta = rounded - before;
    before = rounded;
    return delta;
  });
  return { quantum, deltas };
}

/** A phase without an end of its own lasts until the next one begins. */
function phasesOf(samples: readonly TimelineSample[], endMs: number): PackedTimeline['phases'] {
  const phases = samples.filter(({ kind, phase }) => kind === 'phase' && phase !== undefined);
  return phases.map(({ phase = '', atMs, values }, i) => [
    phase,
    atMs,
    values?.['endMs'] ?? phases[i + 1]?.atMs ?? endMs,
  ]);
}

function rulesOf({ link, measurements, effective }: PackedRecord): PackedTimeline['rules'] {
  const rate = link.bandwidthBitsPerSecond;
  const cap = effective?.source.parameters['max-bandwidth'];
  const baseline = measurements.workloadBaselinePerSecond;
  const caps = [
    ...(typeof rate === 'number' ? [["link's bandwidth", rate] as const] : []),
    ...(typeof cap === 'number' && cap > 0 ? [['max-bandwidth', cap * 8] as const] : []),
  ];
  return [
    // The lower one is what holds; a higher one would only flatten the picture.
    ...caps
      .toSorted(([, a], [, b]) => a - b)
      .slice(0, 1)
      .flatMap(([name, bits]) =>
        ['rate', 'wire'].map((panel) => ({ panel, name, value: bits / 1e6 })),
      ),
    ...(baseline === undefined
      ? []
      : [{ panel: 'progress', name: 'before the migration', value: baseline }]),
  ];
}
