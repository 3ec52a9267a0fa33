/** What the charts per cell have in common: a row per cell, every trial as a point, the median and its interval. */
import type { TopLevelSpec } from 'vega-lite';
import { figureOf, metricSummary, type MetricSummary } from '../../harness/analysis/cells.ts';
import { metricOf, type Metric } from '../../harness/analysis/metrics.ts';
import { formatFigure, formatInterval, formatMedian } from '../format.ts';
import type { Dimension, ReportCell } from '../cell.ts';
import type { CsvValue } from '../csv/write.ts';
import { flatRows, groupedRows, rowAxis, type CellRow } from './rows.ts';
import type { ChartTable, ChartWidth, ReportChart } from './types.ts';

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

/** Height of one series of one cell, and of the room around it, in pixels. */
const SERIES_HEIGHT = 11;
const ROW_PADDING = 11;

/** Series up to which rows stand under headings. */
const MOST_GROUPED = 2;

/** Above this ratio of the largest to the smallest figure, small ones would vanish on a linear axis. */
const MOST_LINEAR = 40;

const NOT_CONVERGED = 'not converged (more than)';

/** The chart, or `undefined` where no cell has a figure to show. */
export function cellChart(
  cells: readonly ReportCell[],
  chart: CellChart,
  width: ChartWidth,
): ReportChart | undefined {
  const grouped = groupedRows(cells, chart.inner ?? 'setting');
  // A series that no trial has would be an empty lane in every row.
  const present = chart.series.filter(({ key }) =>
    cells.some((cell) => metricSummary(cell, key) !== undefined),
  );
  if (present.length === 0) return undefined;
  // Headings among tall rows would be as tall.
  const { layout, rows } = present.length > MOST_GROUPED ? flatRows(grouped) : grouped;
  const points = rows.flatMap((row) => pointsOf(row, chart));
  const medians = rows.flatMap((row) => mediansOf(row, chart));
  const rowHeight = present.length * SERIES_HEIGHT + ROW_PADDING;
  return {
    name: chart.name,
    title: chart.title,
    lead: chart.lead,
    spec: specOf(
      chart,
      present,
      points,
      medians,
      rowAxis(layout),
      layout.length * rowHeight,
      width,
    ),
    // Cells without a figure keep their row: that they have none is a result.
    layout: { rows: layout, rowHeight },
    table: tableOf(rows, chart, present),
  };
}

type Point = ReturnType<typeof pointsOf>[number];
type Median = ReturnType<typeof mediansOf>[number];

function specOf(
  chart: CellChart,
  present: readonly Series[],
  points: readonly Point[],
  medians: readonly Median[],
  row: ReturnType<typeof rowAxis>,
  height: number,
  width: ChartWidth,
): TopLevelSpec {
  const names = present.map(({ name }) => name);
  const intervals = medians.filter((median) => 'low' in median);
  const several = names.length > 1;
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
  const color = several
    ? {
        color: {
          field: 'series',
          type: 'nominal',
          title: null,
          sort: null,
          scale: { domain: names },
          // Long names side by side would run out of the picture.
          ...(names.length > 3 ? { legend: { columns: 3 } } : {}),
        } as const,
      }
    : {};
  const x = {
    field: 'value',
    type: 'quantitative',
    title: chart.axisTitle,
    ...axisOf(points),
  } as const;
  const tooltip = [
    { field: 'cellLabel', type: 'nominal', title: 'cell' },
    { field: 'series', type: 'nominal', title: 'figure' },
    { field: 'text', type: 'nominal', title: 'value' },
  ] as const;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: chart.lead,
    width,
    // A number and not a step per row: Vega-Lite warns of a step where the width is fitted.
    height,
    autosize: { type: 'fit-x', contains: 'padding' },
    datasets: {
      points: [...points],
      ...(medians.length === 0 ? {} : { medians: [...medians] }),
      ...(intervals.length === 0 ? {} : { intervals }),
    },
    layer: [
      {
        data: { name: 'points' },
        mark: { type: 'point', filled: true, size: 42, opacity: 0.6, cursor: 'pointer' },
        encoding: {
          y: row,
          ...offset,
          x,
          ...color,
          shape: {
            field: 'outcome',
            type: 'nominal',
            title: null,
            scale: { domain: ['completed', NOT_CONVERGED], range: ['circle', 'triangle-right'] },
            ...(points.some((point) => point.outcome === NOT_CONVERGED) ? {} : { legend: null }),
          },
          tooltip: [{ field: 'trial', type: 'nominal', title: 'trial' }, ...tooltip],
        },
      },
      ...(intervals.length === 0
        ? []
        : [
            {
              data: { name: 'intervals' },
              mark: { type: 'rule', strokeWidth: 2 } as const,
              encoding: { y: row, ...offset, x: { ...x, field: 'low' }, x2: { field: 'high' } },
            },
          ]),
      // Where every median is censored there is none to draw, and Vega warns of the extent of nothing.
      ...(medians.length === 0
        ? []
        : [
            {
              data: { name: 'medians' },
              mark: { type: 'tick' as const, size: SERIES_HEIGHT + 2 },
              encoding: {
                y: row,
                ...offset,
                x,
                tooltip: [
                  ...tooltip.slice(0, 2),
                  { field: 'text', type: 'nominal', title: 'median' } as const,
                  { field: 'interval', type: 'nominal', title: '95 % interval' } as const,
                ],
              },
            },
          ]),
    ],
  };
}

/** A linear axis from 0; where figures differ too much for one, logarithmic above 1 with 0 at its end. */
function axisOf(points: readonly Point[]) {
  const sizes = points.map(({ value }) => value);
  const largest = Math.max(...sizes);
  const smallest = Math.min(...sizes);
  const positive = sizes.filter((size) => size > 0);
  const wide = smallest >= 0 && largest > MOST_LINEAR * Math.min(...positive, largest);
  if (!wide) return { axis: { tickCount: 8 }, scale: { zero: true, nice: true } } as const;
  // Linear up to the order of the smallest figure, so that 0 has a place.
  const constant = 10 ** Math.floor(Math.log10(Math.min(...positive)));
  return {
    axis: { values: ticksBetween(constant, largest), format: '~s' },
    scale: { type: 'symlog', constant, domainMin: 0, nice: false },
  } as const;
}

/** 0, and 1, 2 and 5 of each order of magnitude; only 1 of each where there are many. */
function ticksBetween(smallest: number, largest: number): number[] {
  const decades = Math.ceil(Math.log10(largest / smallest)) + 1;
  const steps = decades > 4 ? [1] : [1, 2, 5];
  const ticks = Array.from({ length: decades }, (_, decade) =>
    steps.map((step) => Number((smallest * 10 ** decade * step).toPrecision(1))),
  );
  return [0, ...ticks.flat().filter((tick) => tick <= largest)];
}

function sizeOf(chart: CellChart, cell: ReportCell): number {
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

function pointsOf({ cell, index, key: row }: CellRow, chart: CellChart) {
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

/** A censored median has no place on the axis: the points say enough. */
function mediansOf({ cell, index, key: row }: CellRow, chart: CellChart) {
  const size = sizeOf(chart, cell);
  return chart.series.flatMap(({ key, name }) => {
    const summary = metricSummary(cell, key);
    if (summary === undefined || summary.median.censored) return [];
    const { ciLow, ciHigh } = summary;
    const ends =
      ciLow === undefined || ciHigh === undefined || ciLow.censored || ciHigh.censored
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

function medianText(
  chart: CellChart,
  cell: ReportCell,
  summary: MetricSummary | undefined,
): string {
  return summary === undefined || chart.write === undefined
    ? formatMedian(summary)
    : textOf(chart, cell, summary.metric)(summary.median);
}

function intervalText(chart: CellChart, cell: ReportCell, summary: MetricSummary): string {
  const { ciLow, ciHigh } = summary;
  if (chart.write === undefined || ciLow === undefined || ciHigh === undefined) {
    return formatInterval(summary);
  }
  const write = textOf(chart, cell, summary.metric);
  return `${write(ciLow)} – ${write(ciHigh)}`;
}

function tableOf(
  rows: readonly CellRow[],
  chart: CellChart,
  series: readonly Series[],
): ChartTable {
  const columns = series.flatMap(({ key }) => {
    const name = metricOf(key).column + (chart.columnSuffix ?? '');
    return [`${name}_median`, `${name}_ci_low`, `${name}_ci_high`, `${name}_n`];
  });
  return {
    heads: [
      { title: 'Cell', figure: false },
      ...series.flatMap(({ name }) => [
        { title: series.length === 1 ? 'Median' : name, figure: true },
        { title: '95 % interval', figure: true },
        { title: 'n', figure: true },
      ]),
    ],
    columns: ['cell_id', ...columns],
    rows: rows.map(({ cell, index }) => ({
      cell: index,
      texts: [
        cell.label,
        ...series.flatMap(({ key }) => {
          const summary = metricSummary(cell, key);
          return [
            medianText(chart, cell, summary),
            summary === undefined ? '' : intervalText(chart, cell, summary),
            String(summary?.values ?? 0),
          ];
        }),
      ],
      values: [
        cell.cellId,
        ...series.flatMap(({ key }) => valuesOf(metricSummary(cell, key), sizeOf(chart, cell))),
      ],
    })),
  };
}

/** Median, ends of its interval, n: a censored figure is empty for a program, which would take it for a number. */
function valuesOf(summary: MetricSummary | undefined, size: number): readonly CsvValue[] {
  if (summary === undefined) return [undefined, undefined, undefined, 0];
  const number = (figure: MetricSummary['ciLow']) =>
    figure === undefined || figure.censored ? undefined : Number((figure.value / size).toFixed(6));
  return [number(summary.median), number(summary.ciLow), number(summary.ciHigh), summary.values];
}
