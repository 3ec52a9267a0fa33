/** Chart: every figure of how long the guest stood still, side by side. */
import type { ReportCell } from '../cell.ts';
import { cellChart } from './cell-points.ts';
import type { ChartWidth, ReportChart } from './types.ts';

/** `undefined` where no trial has any of them. */
export function downtimeChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  return cellChart(
    cells,
    {
      name: 'downtime',
      title: 'Downtime, by every way of measuring it',
      lead: 'How long the guest stood still, in milliseconds: what QEMU reports, what the events of both QEMUs show (pause), and what was seen from outside (switchover gap, blackout, service outage). Where they differ, believe the outer ones.',
      axisTitle: 'milliseconds',
      series: [
        { key: 'downtimeMs', name: 'downtime (QEMU reports)' },
        { key: 'pauseMs', name: 'pause (STOP to RESUME)' },
        { key: 'switchoverGapMs', name: 'switchover gap (heartbeat)' },
        { key: 'blackoutMs', name: 'blackout (longest heartbeat gap)' },
        { key: 'serviceOutageMs', name: 'service outage (client)' },
      ],
      unitSize: 1,
    },
    width,
  );
}
