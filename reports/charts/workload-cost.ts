/** Charts: what a migration costs the workload and its clients. */
import type { ReportCell } from '../cell.ts';
import { cellChart } from './cell-points.ts';
import type { ChartWidth, ReportChart } from './types.ts';

/** `undefined` where no workload has progress to lose. */
export function workloadLostChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  return cellChart(
    cells,
    {
      name: 'workload-lost',
      title: 'Work lost',
      lead: "Seconds of the workload's work at its rate before the migration that were not done, from the migrate command to the end of the aftermath. Below 0 it caught up.",
      axisTitle: 'seconds of work',
      series: [{ key: 'workloadLostSeconds', name: 'work lost' }],
      unitSize: 1,
    },
    width,
  );
}

/** `undefined` where no client measured latencies. */
export function serviceLatencyChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  return cellChart(
    cells,
    {
      name: 'service-latency',
      title: 'Latency of the service (p99)',
      lead: "The slowest hundredth of a client's requests before the migration and during it, in milliseconds.",
      axisTitle: 'milliseconds',
      series: [
        { key: 'serviceP99BaselineMs', name: 'p99 before' },
        { key: 'serviceP99DuringMs', name: 'p99 during' },
      ],
      unitSize: 1,
    },
    width,
  );
}

/** `undefined` where no processor time was recorded. */
export function cpuChart(cells: readonly ReportCell[], width: ChartWidth): ReportChart | undefined {
  return cellChart(
    cells,
    {
      name: 'cpu',
      title: 'Processor time of both QEMUs',
      lead: 'Seconds of processor time from the migrate command to the end of the migration; the guest itself is part of it.',
      axisTitle: 'CPU seconds',
      series: [
        { key: 'sourceCpuSeconds', name: 'source' },
        { key: 'destinationCpuSeconds', name: 'destination' },
      ],
      unitSize: 1,
    },
    width,
  );
}
