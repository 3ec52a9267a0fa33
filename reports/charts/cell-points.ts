/** What the charts per cell have in common: a row per cell, every trial as a point, the median and its interval. */
import type { TopLevelSpec } from 'vega-lite';
import { metricSummary } from '../../harness/analysis/cells.ts';
import type { ReportCell } from '../cell.ts';
import {
  NOT_CONVERGED,
  blankOf,
  mediansOf,
  pointsOf,
  type CellChart,
  type Series,
} from './cell-figures.ts';
import { cellTable } from './cell-table.ts';
import { figureAxis } from './figure-axis.ts';
import { flatRows, groupedRows, rowAxis, type GroupedRows } from './rows.ts';
import type { ChartWidth, ReportChart } from './types.ts';

/** Height of one series of one cell, and of the room around it, in pixels. */
const SERIES_HEIGHT = 11;
const ROW_PADDING = 11;

/** Series up to which rows stand under headings. */
const MOST_GROUPED = 2;

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
  // Headings among tall rows would be as tall, and over one row each they would be half of the picture.
  const rows = present.length > MOST_GROUPED || isFlat(grouped) ? flatRows(grouped) : grouped;
  const rowHeight = present.length * SERIES_HEIGHT + ROW_PADDING;
  return {
    name: chart.name,
    title: chart.title,
    lead: chart.lead,
    spec: specOf(chart, present, rows, rows.layout.length * rowHeight, width),
    // Cells without a figure keep their row: that they have none is a result.
    layout: { rows: rows.layout, rowHeight },
    table: cellTable(rows.rows, chart, present),
  };
}

function isFlat({ layout, rows }: GroupedRows): boolean {
  return layout.length === 2 * rows.length;
}

function specOf(
  chart: CellChart,
  present: readonly Series[],
  { layout, rows }: GroupedRows,
  height: number,
  width: ChartWidth,
): TopLevelSpec {
  const points = rows.flatMap((each) => pointsOf(each, chart));
  const medians = rows.flatMap((each) => mediansOf(each, chart));
  const blanks = rows.flatMap((each) => blankOf(each, chart));
  const intervals = medians.filter((median) => 'low' in median);
  const row = rowAxis(layout);
  const names = present.map(({ name }) => name);
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
          ...(names.length > 3 ? { legend: { columns: { signal: 'legendColumns' } } } : {}),
        } as const,
      }
    : {};
  const x = {
    field: 'value',
    type: 'quantitative',
    title: chart.axisTitle,
    ...figureAxis(points.map(({ value }) => value)),
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
    // The page has fewer where it is narrow.
    params: [{ name: 'legendColumns', value: 3 }],
    // Vega warns of the extent of nothing: a data set without rows is not there, nor is its layer.
    datasets: {
      points,
      ...(medians.length === 0 ? {} : { medians }),
      ...(intervals.length === 0 ? {} : { intervals }),
      ...(blanks.length === 0 ? {} : { blanks }),
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
      ...(blanks.length === 0
        ? []
        : [
            {
              data: { name: 'blanks' },
              mark: {
                type: 'text' as const,
                align: 'left' as const,
                fontSize: 11,
                fontStyle: 'italic',
                opacity: 0.75,
              },
              encoding: {
                y: row,
                x: { value: 6 },
                text: { field: 'why', type: 'nominal' as const },
              },
            },
          ]),
    ],
  };
}
