/** Chart: total time by cell. */
import type { ReportCell } from '../cell.ts';
import { cellChart } from './cell-points.ts';
import type { ChartWidth, ReportChart } from './types.ts';

/** `undefined` where no trial has a total time. */
export function totalTimeChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  return cellChart(
    cells,
    {
      name: 'total-time',
      title: 'Total time',
      lead: 'How long each migration took, in seconds. A triangle is a trial that did not converge: it would have taken longer than the deadline at which it stands.',
      axisTitle: 'seconds',
      series: [{ key: 'totalTimeMs', name: 'total time' }],
      unitSize: 1000,
    },
    width,
  );
}
