/** The charts of a report, in the order in which a reader asks. */
import type { ReportModel } from '../model.ts';
import { convergenceMap } from './convergence-map.ts';
import { downtimeChart } from './downtime.ts';
import { noiseChart } from './noise.ts';
import { totalTimeChart } from './total-time.ts';
import { tradeOffChart } from './trade-off.ts';
import { memoryMultipleChart, transferredBytesChart } from './transferred-bytes.ts';
import type { ChartWidth, ReportChart } from './types.ts';
import { versionPauseChart, versionTimeChart } from './versions.ts';
import { cpuChart, serviceLatencyChart, workloadLostChart } from './workload-cost.ts';

export type { ChartWidth, ReportChart } from './types.ts';

const builders = [
  convergenceMap,
  totalTimeChart,
  downtimeChart,
  tradeOffChart,
  transferredBytesChart,
  memoryMultipleChart,
  workloadLostChart,
  serviceLatencyChart,
  cpuChart,
  versionTimeChart,
  versionPauseChart,
] as const;

/** The charts for which the run has figures. */
export function reportCharts(
  model: Pick<ReportModel, 'cells' | 'run'>,
  width: ChartWidth,
): readonly ReportChart[] {
  const { cells, run } = model;
  return [
    ...builders.flatMap((build) => build(cells, width) ?? []),
    ...[noiseChart(cells, width, run.environment.calibrations)].flatMap((chart) => chart ?? []),
  ];
}
