/** Charts: transferred bytes by cell, as they are and as a multiple of the guest's memory. */
import type { ReportCell } from '../cell.ts';
import { cellChart } from './cell-points.ts';
import type { ChartWidth, ReportChart } from './types.ts';

/** `undefined` where no trial has transferred bytes. */
export function transferredBytesChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  return cellChart(
    cells,
    {
      name: 'transferred-bytes',
      title: 'Transferred bytes',
      lead: 'What each migration sent, in MiB, as QEMU counts it and as the migration link counted it.',
      axisTitle: 'MiB',
      series: [
        { key: 'transferredBytes', name: 'transferred (QEMU)' },
        { key: 'wireBytes', name: 'on the wire (link)' },
      ],
      unitSize: 2 ** 20,
    },
    width,
  );
}

/** `undefined` where no trial has transferred bytes. */
export function memoryMultipleChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  return cellChart(
    cells,
    {
      name: 'memory-multiple',
      title: "Transferred bytes as a multiple of the guest's memory",
      lead: 'Below 1, zero pages or compression saved something; above 1, pages were sent more than once.',
      axisTitle: "× guest's memory",
      series: [{ key: 'transferredBytes', name: 'transferred ÷ memory' }],
      unitSize: (cell) => cell.records[0]?.guest.memoryBytes ?? 1,
      write: (value) => `${value.toFixed(2)} ×`,
      columnSuffix: '_of_memory',
    },
    width,
  );
}
