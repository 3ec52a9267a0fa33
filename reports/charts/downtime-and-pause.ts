/** Chart: the downtime that QEMU reports beside the pause that its events show, by cell. */
import type { TopLevelSpec } from 'vega-lite';
import type { ReportCell } from '../model.ts';
import { cellChart, type ChartWidth } from './cell-points.ts';

/** `undefined` where no trial has either. */
export function downtimeAndPauseChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): TopLevelSpec | undefined {
  return cellChart(cells, {
    description:
      'Reported downtime and measured pause of every completed trial in milliseconds, two rows per cell, with the medians as bars.',
    axisTitle: 'milliseconds',
    series: [
      { key: 'downtimeMs', name: 'downtime (reported)' },
      { key: 'pauseMs', name: 'pause (STOP to RESUME)' },
    ],
    unitSize: 1,
    width,
  });
}
