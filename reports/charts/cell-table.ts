/** The table behind a chart per cell: a row per cell, and of each series the median, its interval and n. */
import { metricSummary, type MetricSummary } from '../../harness/analysis/cells.ts';
import { metricOf } from '../../harness/analysis/metrics.ts';
import type { CsvValue } from '../csv/write.ts';
import { intervalText, medianText, sizeOf, type CellChart, type Series } from './cell-figures.ts';
import type { CellRow } from './rows.ts';
import type { ChartTable } from './types.ts';

/** In the order of the chart's rows. */
export function cellTable(
  rows: readonly CellRow[],
  chart: CellChart,
  series: readonly Series[],
): ChartTable {
  const columns = series.flatMap(({ key }) => {
    const name = metricOf(key).column + (chart.columnSuffix ?? '');
    return [`${name}_median`, `${name}_ci_low`, `${name}_ci_high`, `${name}_n`];
  });
  // A column of the metric's own name has the metric's own unit, whatever the axis has.
  const size = (cell: CellRow['cell']) =>
    chart.columnSuffix === undefined ? 1 : sizeOf(chart, cell);
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
        ...series.flatMap(({ key }) => valuesOf(metricSummary(cell, key), size(cell))),
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
