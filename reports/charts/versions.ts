/** Charts: version against version, where the run has several QEMUs. */
import type { ReportCell } from '../cell.ts';
import { cellChart } from './cell-points.ts';
import type { ChartWidth, ReportChart } from './types.ts';

function several(cells: readonly ReportCell[]): boolean {
  return new Set(cells.map((cell) => cell.labels.qemu)).size > 1;
}

/** `undefined` where there is one QEMU only. */
export function versionTimeChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  if (!several(cells)) return undefined;
  return cellChart(
    cells,
    {
      name: 'version-total-time',
      title: 'QEMU against QEMU: total time',
      lead: 'The same migration with each QEMU, in seconds. Where intervals overlap there is no difference to speak of.',
      axisTitle: 'seconds',
      series: [{ key: 'totalTimeMs', name: 'total time' }],
      unitSize: 1000,
      inner: 'qemu',
    },
    width,
  );
}

/** `undefined` where there is one QEMU only. */
export function versionPauseChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  if (!several(cells)) return undefined;
  return cellChart(
    cells,
    {
      name: 'version-pause',
      title: 'QEMU against QEMU: pause',
      lead: 'STOP on the source to RESUME on the destination with each QEMU, in milliseconds.',
      axisTitle: 'milliseconds',
      series: [{ key: 'pauseMs', name: 'pause' }],
      unitSize: 1,
      inner: 'qemu',
    },
    width,
  );
}
