/** Chart: total time of every trial, by cell. A not-converged trial stands at its deadline, as a triangle. */
import type { TopLevelSpec } from 'vega-lite';
import type { ReportCell } from '../model.ts';
import { cellChart, type ChartWidth } from './cell-points.ts';

/** `undefined` where no trial has a total time. */
export function totalTimeChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): TopLevelSpec | undefined {
  return cellChart(cells, {
    description:
      'Total time of every trial in seconds, one row per cell, with the median as a bar.',
    axisTitle: 'total time (s)',
    series: [{ key: 'totalTimeMs', name: 'total time' }],
    unitSize: 1000,
    width,
  });
}
