/** Chart: bytes that QEMU transferred in every completed trial, by cell. */
import type { TopLevelSpec } from 'vega-lite';
import type { ReportCell } from '../model.ts';
import { cellChart, type ChartWidth } from './cell-points.ts';

/** `undefined` where no trial has a figure. */
export function transferredBytesChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): TopLevelSpec | undefined {
  return cellChart(cells, {
    description:
      'Transferred MiB of every completed trial, one row per cell, with the median as a bar.',
    axisTitle: 'transferred (MiB)',
    series: [{ key: 'transferredBytes', name: 'transferred' }],
    unitSize: 2 ** 20,
    width,
  });
}
