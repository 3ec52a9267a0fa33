/** Chart: noise and drift: how far each trial was from its cell's median, over the time of the run. */
import { exact } from '../../harness/analysis/censored.ts';
import { metricSummary } from '../../harness/analysis/cells.ts';
import { metricOf } from '../../harness/analysis/metrics.ts';
import type { Calibration } from '../../harness/record/schema.ts';
import { UNKNOWN, formatFigure, formatMedian } from '../format.ts';
import type { ReportCell } from '../cell.ts';
import { groupedRows } from './rows.ts';
import type { ChartWidth, ReportChart } from './types.ts';

const MINUTE_MS = 60_000;
const HEIGHT = 220;

/** `undefined` where no cell has two completed trials: noise needs a repetition. */
export function noiseChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
  calibrations: readonly Calibration[] = [],
): ReportChart | undefined {
  // Not as arguments of Math.min: a large run has more trials than a call may have.
  const start = [
    ...cells.flatMap(({ records }) => records.map(({ startedAt }) => startedAt)),
    ...calibrations.map(({ at }) => at),
  ].reduce((earliest, at) => Math.min(earliest, Date.parse(at)), Infinity);
  const minutes = (at: string) => Number(((Date.parse(at) - start) / MINUTE_MS).toFixed(3));
  const points = groupedRows(cells, 'setting').rows.flatMap(({ cell, index }) => {
    const summary = metricSummary(cell, 'totalTimeMs');
    if (summary === undefined || summary.median.censored || summary.values < 2) return [];
    const middle = summary.median.value;
    return cell.records.flatMap(({ outcome, measurements, startedAt, trialId }) =>
      outcome.kind !== 'completed' || measurements.totalTimeMs === undefined || middle <= 0
        ? []
        : [
            {
              cell: index,
              minutes: minutes(startedAt),
              percent: Number((100 * (measurements.totalTimeMs / middle - 1)).toFixed(2)),
              trial: trialId,
              cellLabel: cell.label,
              what: 'a trial (total time)',
            },
          ],
    );
  });
  if (points.length === 0) return undefined;
  const tasks = calibrations.length < 2 ? [] : calibrationPoints(calibrations, minutes);
  const x = {
    field: 'minutes',
    type: 'quantitative',
    title: 'minutes since the run began',
    scale: { nice: false },
    axis: { tickCount: 10 },
  } as const;
  const y = {
    field: 'percent',
    type: 'quantitative',
    title: "difference from the cell's median (%)",
  } as const;
  return {
    name: 'noise',
    title: 'Noise and drift',
    lead: "How far the total time of each trial was from its cell's median, in the order in which the trials ran. A slope is a host that became slower or faster; lines, where there are any, are the calibration tasks, in percent of the first time.",
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: "Difference of each trial's total time from its cell's median over the run.",
      width,
      height: HEIGHT,
      autosize: { type: 'fit-x', contains: 'padding' },
      datasets: { points, tasks },
      layer: [
        {
          data: { values: [{ percent: 0 }] },
          mark: { type: 'rule' },
          encoding: { y: { field: 'percent', type: 'quantitative' } },
        },
        {
          data: { name: 'points' },
          mark: { type: 'point', filled: true, size: 42, opacity: 0.6, cursor: 'pointer' },
          encoding: {
            x,
            y,
            tooltip: [
              { field: 'trial', type: 'nominal', title: 'trial' },
              { field: 'cellLabel', type: 'nominal', title: 'cell' },
              { field: 'percent', type: 'quantitative', title: 'difference (%)' },
            ],
          },
        },
        ...(tasks.length === 0
          ? []
          : [
              {
                data: { name: 'tasks' },
                mark: { type: 'line' as const, point: true, strokeDash: [4, 3] },
                encoding: {
                  x,
                  y,
                  color: {
                    field: 'what',
                    type: 'nominal' as const,
                    title: 'calibration',
                    scale: { range: ['#d55e00', '#009e73', '#aa4499'] },
                  },
                  tooltip: [
                    { field: 'what', type: 'nominal', title: 'calibration' } as const,
                    { field: 'percent', type: 'quantitative', title: 'difference (%)' } as const,
                  ],
                },
              },
            ]),
      ],
    },
    table: noiseTable(cells),
  };
}

function calibrationPoints(calibrations: readonly Calibration[], minutes: (at: string) => number) {
  const first = new Map(calibrations[0]?.tasks.map(({ name, medianMs }) => [name, medianMs]));
  return calibrations.flatMap(({ at, tasks }) =>
    tasks.flatMap(({ name, medianMs }) => {
      const base = first.get(name);
      if (base === undefined || base <= 0) return [];
      return [
        {
          minutes: minutes(at),
          percent: Number((100 * (medianMs / base - 1)).toFixed(2)),
          what: name,
        },
      ];
    }),
  );
}

function noiseTable(cells: readonly ReportCell[]): ReportChart['table'] {
  const metric = metricOf('totalTimeMs');
  return {
    heads: [
      { title: 'Cell', figure: false },
      { title: 'Median of total time', figure: true },
      { title: 'Median absolute deviation', figure: true },
      { title: 'Shortest', figure: true },
      { title: 'Longest', figure: true },
      { title: 'n', figure: true },
    ],
    columns: ['cell_id', 'total_time_ms_median', 'total_time_ms_mad', 'min', 'max', 'n'],
    rows: cells.flatMap((cell, index) => {
      const summary = metricSummary(cell, 'totalTimeMs');
      if (summary === undefined) return [];
      const { mad, median, min, max, values } = summary;
      const number = (figure: typeof median) => (figure.censored ? undefined : figure.value);
      return [
        {
          cell: index,
          texts: [
            cell.label,
            formatMedian(summary),
            mad === undefined ? UNKNOWN : formatFigure(exact(mad), metric),
            formatFigure(min, metric),
            formatFigure(max, metric),
            String(values),
          ],
          values: [cell.cellId, number(median), mad, number(min), number(max), values],
        },
      ];
    }),
  };
}
