/** What the charts per cell have in common: a row per cell, every trial as a point, the median as a bar. */
import type { TopLevelSpec } from 'vega-lite';
import { figureOf, metricSummary } from '../../harness/analysis/cells.ts';
import { metricOf, type Metric } from '../../harness/analysis/metrics.ts';
import { formatFigure } from '../format.ts';
import type { ReportCell } from '../model.ts';

/** Width of the plot in pixels, or that of the element it is put into. */
export type ChartWidth = number | 'container';

/** One series of a chart: a metric and the name that its legend gives it. */
export interface Series {
  readonly key: Metric['key'];
  readonly name: string;
}

export interface CellChart {
  /** Read out in place of the picture. */
  readonly description: string;
  /** Axis title, with the unit. */
  readonly axisTitle: string;
  readonly series: readonly Series[];
  /** Units of the metric in one unit of the axis. */
  readonly unitSize: number;
  readonly width: ChartWidth;
}

/** Height of one series of one cell, in pixels. */
const ROW_HEIGHT = 26;

/** The chart, or `undefined` where no cell has a figure to show. */
export function cellChart(
  cells: readonly ReportCell[],
  chart: CellChart,
): TopLevelSpec | undefined {
  const points = cells.flatMap((cell) => pointsOf(cell, chart));
  if (points.length === 0) return undefined;
  const medians = cells.flatMap((cell) => mediansOf(cell, chart));
  const several = chart.series.length > 1;
  // Cells without a figure keep their row: that they have none is a result.
  const row = {
    field: 'cell',
    type: 'nominal',
    title: null,
    sort: null,
    axis: { grid: true, tickBand: 'extent', ticks: false, domain: false, labelPadding: 8 },
    scale: { domain: cells.map((cell) => cell.label) },
  } as const;
  const names = chart.series.map(({ name }) => name);
  const offset = several
    ? {
        yOffset: {
          field: 'series',
          type: 'nominal',
          sort: null,
          scale: { domain: names },
        } as const,
      }
    : {};
  const x = {
    field: 'value',
    type: 'quantitative',
    title: chart.axisTitle,
    axis: { tickCount: 8 },
    scale: { zero: true, nice: true },
  } as const;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: chart.description,
    width: chart.width,
    // A number and not a step per row: Vega-Lite warns of a step where the width is fitted.
    height: cells.length * chart.series.length * ROW_HEIGHT,
    autosize: { type: 'fit-x', contains: 'padding' },
    layer: [
      {
        data: { values: points },
        mark: { type: 'point', filled: true, size: 55, opacity: 0.65 },
        encoding: {
          y: row,
          ...offset,
          x,
          ...(several
            ? ({
                color: {
                  field: 'series',
                  type: 'nominal',
                  title: null,
                  sort: null,
                  scale: { domain: names },
                },
              } as const)
            : {}),
          shape: {
            field: 'outcome',
            type: 'nominal',
            title: null,
            scale: { domain: ['completed', NOT_CONVERGED], range: ['circle', 'triangle-right'] },
            ...(points.some((point) => point.outcome === NOT_CONVERGED) ? {} : { legend: null }),
          },
          tooltip: [
            { field: 'trial', type: 'nominal', title: 'trial' },
            { field: 'series', type: 'nominal', title: 'figure' },
            { field: 'text', type: 'nominal', title: 'value' },
          ],
        },
      },
      {
        data: { values: medians },
        mark: { type: 'tick', size: ROW_HEIGHT - 6 },
        encoding: {
          y: row,
          ...offset,
          x,
          tooltip: [
            { field: 'cell', type: 'nominal', title: 'cell' },
            { field: 'series', type: 'nominal', title: 'figure' },
            { field: 'text', type: 'nominal', title: 'median' },
          ],
        },
      },
    ],
  };
}

const NOT_CONVERGED = 'not converged (more than)';

function pointsOf(cell: ReportCell, chart: CellChart) {
  return chart.series.flatMap(({ key, name }) =>
    cell.records.flatMap((record) => {
      const metric = metricOf(key);
      const figure = figureOf(metric, record);
      if (figure === undefined) return [];
      return [
        {
          cell: cell.label,
          series: name,
          value: figure.value / chart.unitSize,
          outcome: figure.censored ? NOT_CONVERGED : 'completed',
          trial: record.trialId,
          text: formatFigure(figure, metric),
        },
      ];
    }),
  );
}

/** A censored median has no place on the axis: the points say enough. */
function mediansOf(cell: ReportCell, chart: CellChart) {
  return chart.series.flatMap(({ key, name }) => {
    const summary = metricSummary(cell, key);
    if (summary === undefined || summary.median.censored) return [];
    return [
      {
        cell: cell.label,
        series: name,
        value: summary.median.value / chart.unitSize,
        text: formatFigure(summary.median, summary.metric),
      },
    ];
  });
}
