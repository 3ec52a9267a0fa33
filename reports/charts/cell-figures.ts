/** What a chart per cell draws: of each row its trials, its median with the interval, or why it has neither. */
import { figureOf, metricSummary, type MetricSummary } from '../../harness/analysis/cells.ts';
import { metricOf, type Metric } from '../../harness/analysis/metrics.ts';
import type { Dimension, ReportCell } from '../cell.ts';
import { UNKNOWN, formatCellMedian, formatFigure, formatInterval } from '../format.ts';
import type { CellRow } from './rows.ts';

/** One series of a chart: a metric and the name that its legend gives it. */
export interface Series {
  readonly key: Metric['key'];
  readonly name: string;
}

export interface CellChart {
  /** Kebab-case. */
  readonly name: string;
  readonly title: string;
  /** What it shows and how to read it; read out in place of the picture too. */
  readonly lead: string;
  /** Axis title, with the unit. */
  readonly axisTitle: string;
  readonly series: readonly Series[];
  /** Units of the metric in one unit of the axis; may depend on the cell (its guest's memory). */
  readonly unitSize: number | ((cell: ReportCell) => number);
  /** How a figure is written; as its metric is, by default. */
  readonly write?: (value: number) => string;
  /** Named in the columns of its table: `of_memory`. */
  readonly columnSuffix?: string;
  /** What distinguishes the rows of a group: the setting, unless told otherwise. */
  readonly inner?: Dimension;
}

export const NOT_CONVERGED = 'not converged (more than)';

/** Units of the metric in one unit of the axis. */
export function sizeOf(chart: CellChart, cell: ReportCell): number {
  return typeof chart.unitSize === 'number' ? chart.unitSize : chart.unitSize(cell);
}

/** Five digits are more than a picture shows. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

function textOf(chart: CellChart, cell: ReportCell, metric: Metric) {
  const { write } = chart;
  return (figure: { readonly value: number; readonly censored: boolean }): string =>
    write === undefined
      ? formatFigure(figure, metric)
      : `${figure.censored ? '> ' : ''}${write(figure.value / sizeOf(chart, cell))}`;
}

/** Every trial of a row with a figure, by series. */
export function pointsOf({ cell, index, key: row }: CellRow, chart: CellChart) {
  const size = sizeOf(chart, cell);
  return chart.series.flatMap(({ key, name }) => {
    const metric = metricOf(key);
    const write = textOf(chart, cell, metric);
    return cell.records.flatMap((record) => {
      const figure = figureOf(metric, record);
      if (figure === undefined) return [];
      return [
        {
          row,
          cell: index,
          series: name,
          value: rounded(figure.value / size),
          outcome: figure.censored ? NOT_CONVERGED : 'completed',
          trial: record.trialId,
          cellLabel: cell.label,
          text: write(figure),
        },
      ];
    });
  });
}

/** The medians of a row. A censored one has no place on the axis, and a single trial is its own: the points say enough. */
export function mediansOf({ cell, index, key: row }: CellRow, chart: CellChart) {
  const size = sizeOf(chart, cell);
  return chart.series.flatMap(({ key, name }) => {
    const summary = metricSummary(cell, key);
    if (summary === undefined || summary.median.censored || summary.values < 2) return [];
    const { ciLow, ciHigh } = summary;
    // An end that is only known as "more than" is drawn to that bound, where the triangles stand.
    const ends =
      ciLow === undefined || ciHigh === undefined
        ? {}
        : { low: rounded(ciLow.value / size), high: rounded(ciHigh.value / size) };
    return [
      {
        row,
        cell: index,
        series: name,
        value: rounded(summary.median.value / size),
        cellLabel: cell.label,
        text: medianText(chart, cell, summary),
        interval: intervalText(chart, cell, summary),
        ...ends,
      },
    ];
  });
}

/** A row without a figure says why: an empty one looks like a mistake of the chart. */
export function blankOf({ cell, index, key: row }: CellRow, chart: CellChart) {
  const figures = chart.series.some(({ key }) => metricSummary(cell, key) !== undefined);
  return figures ? [] : [{ row, cell: index, why: whyBlank(cell) }];
}

function whyBlank({ outcomes }: ReportCell): string {
  if (outcomes.completed > 0) return 'not measured';
  if (outcomes['not-converged'] > 0) return 'did not converge';
  if (outcomes.failed > 0) return 'failed';
  return outcomes.invalid > 0 ? 'invalid' : 'skipped';
}

/** A median in words; `–` where there is none. */
export function medianText(
  chart: CellChart,
  cell: ReportCell,
  summary: MetricSummary | undefined,
): string {
  if (summary === undefined) return UNKNOWN;
  return chart.write === undefined
    ? formatCellMedian(cell, summary.metric.key)
    : textOf(chart, cell, summary.metric)(summary.median);
}

/** The median's interval in words, or that there are too few values for one. */
export function intervalText(chart: CellChart, cell: ReportCell, summary: MetricSummary): string {
  const { ciLow, ciHigh } = summary;
  if (chart.write === undefined || ciLow === undefined || ciHigh === undefined) {
    return formatInterval(summary);
  }
  const write = textOf(chart, cell, summary.metric);
  return `${write(ciLow)} – ${write(ciHigh)}`;
}
