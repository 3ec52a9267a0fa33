/** The charts of a report: their names, which are their files' names too, and their headings. */
import type { TopLevelSpec } from 'vega-lite';
import type { ReportCell } from '../model.ts';
import type { ChartWidth } from './cell-points.ts';
import { downtimeAndPauseChart } from './downtime-and-pause.ts';
import { totalTimeChart } from './total-time.ts';
import { transferredBytesChart } from './transferred-bytes.ts';

export interface ReportChart {
  /** Kebab-case. */
  readonly name: string;
  readonly title: string;
  readonly spec: TopLevelSpec;
}

const builders = [
  ['total-time', 'Total time', totalTimeChart],
  ['downtime-and-pause', 'Downtime and pause', downtimeAndPauseChart],
  ['transferred-bytes', 'Transferred bytes', transferredBytesChart],
] as const;

/** The charts for which the run has figures. */
export function reportCharts(
  cells: readonly ReportCell[],
  width: ChartWidth,
): readonly ReportChart[] {
  return builders.flatMap(([name, title, build]) => {
    const spec = build(cells, width);
    return spec === undefined ? [] : [{ name, title, spec }];
  });
}
