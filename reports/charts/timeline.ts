/** Chart: one migration over time: remaining bytes, rate and passes, with the phases as lines. */
import type { TopLevelSpec } from 'vega-lite';
import type { TimelineSample } from '../../harness/record/schema.ts';

/** A sample of `query-migrate`, in the units of the axes; an absent figure was not there. */
export interface TimelinePoint {
  readonly s: number;
  readonly remaining?: number;
  readonly rate?: number;
  readonly pass?: number;
}

/** When a phase began. */
export interface TimelinePhase {
  readonly s: number;
  readonly phase: string;
  /** Which of two lines its name is written in, so that neighbours do not overlap. */
  readonly row: number;
}

/** What the chart draws: two data sets, named as here. */
export interface TimelineData {
  readonly points: readonly TimelinePoint[];
  readonly phases: readonly TimelinePhase[];
}

/** More points than pixels show nothing new. */
const MOST_POINTS = 500;

/** The part of a timeline that is drawn; at most 500 points, evenly taken, the last one always. */
export function timelineData(samples: readonly TimelineSample[]): TimelineData {
  const migration = samples.filter((sample) => sample.kind === 'migration');
  const stride = Math.max(1, Math.ceil(migration.length / MOST_POINTS));
  const points = migration
    .filter((_, i) => i % stride === 0 || i === migration.length - 1)
    .map((sample) => ({
      s: sample.atMs / 1000,
      ...(sample.remainingBytes === undefined
        ? {}
        : { remaining: rounded(sample.remainingBytes / 2 ** 20) }),
      ...(sample.rateBitsPerSecond === undefined
        ? {}
        : { rate: rounded(sample.rateBitsPerSecond / 1e6) }),
      ...(sample.pass === undefined ? {} : { pass: sample.pass }),
    }));
  // Passes have a panel of their own.
  const phases = samples
    .flatMap(({ kind, phase, atMs }) =>
      kind === 'phase' && phase !== undefined && !phase.startsWith('pass ')
        ? [{ s: atMs / 1000, phase }]
        : [],
    )
    .map((phase, i) => ({ ...phase, row: i % 2 }));
  return { points, phases };
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

/** The chart, with its data or (for the page, which has many) to be given them under their names. */
export function timelineChart(width: number, data?: TimelineData): TopLevelSpec {
  const x = { field: 's', type: 'quantitative', scale: { nice: false } } as const;
  const panel = (
    field: 'remaining' | 'rate' | 'pass',
    title: string,
    height: number,
    interpolate: 'linear' | 'step-after',
    last: boolean,
  ) => ({
    width,
    height,
    layer: [
      {
        data: { name: 'phases' },
        mark: { type: 'rule', strokeDash: [3, 3] } as const,
        encoding: {
          x: {
            ...x,
            title: last ? 'seconds since the migrate command' : null,
            axis: { labels: last, ticks: last, tickCount: 10 },
          },
          tooltip: { field: 'phase', type: 'nominal', title: 'phase' } as const,
        },
      },
      {
        data: { name: 'points' },
        transform: [{ filter: `isValid(datum.${field})` }],
        mark: {
          type: 'line',
          interpolate,
          strokeWidth: 1.5,
          point: false,
        } as const,
        encoding: {
          x,
          y: {
            field,
            type: 'quantitative',
            title,
            scale: { zero: true },
            axis: { tickCount: 4, ...(field === 'pass' ? { format: 'd', tickMinStep: 1 } : {}) },
          } as const,
          tooltip: [
            { field: 's', type: 'quantitative', title: 'seconds' } as const,
            { field, type: 'quantitative', title } as const,
          ],
        },
      },
    ],
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: 'One migration over time: remaining memory, transfer rate and pass number.',
    ...(data === undefined
      ? {}
      : { datasets: { points: [...data.points], phases: [...data.phases] } }),
    spacing: 14,
    vconcat: [
      {
        width,
        height: 28,
        data: { name: 'phases' },
        mark: { type: 'text', align: 'left', dx: 3, baseline: 'middle' },
        encoding: {
          x: { ...x, axis: null },
          y: { field: 'row', type: 'nominal', axis: null },
          text: { field: 'phase', type: 'nominal' },
        },
      },
      panel('remaining', 'remaining (MiB)', 130, 'linear', false),
      panel('rate', 'rate (Mbit/s)', 90, 'linear', false),
      panel('pass', 'pass', 70, 'step-after', true),
    ],
    resolve: { scale: { x: 'shared' } },
  } as TopLevelSpec;
}
