/** The columns of the results table, the same in every format. */
import { metricSummary, type CellSummary } from '../harness/analysis/cells.ts';
import { metricOf, type Metric } from '../harness/analysis/metrics.ts';
import { formatByteRate, formatDuration } from '../harness/units.ts';
import { UNKNOWN, formatCellMedian, formatInterval } from './format.ts';
import type { ChartTable } from './charts/types.ts';
import { otherOutcomes, outcomeText, type Dimension } from './cell.ts';
import type { ReportModel } from './model.ts';
import { effectiveParameter } from './settings.ts';

/** What the results table shows of a cell. */
export const resultMetrics: readonly Metric[] = [
  metricOf('totalTimeMs'),
  metricOf('downtimeMs'),
  metricOf('pauseMs'),
  metricOf('blackoutMs'),
  metricOf('transferredBytes'),
];

/** Headings of the dimensions. */
export const dimensionTitles: Readonly<Record<Dimension, string>> = {
  workload: 'Workload',
  setting: 'Setting',
  link: 'Link',
  guest: 'Guest',
  qemu: 'QEMU',
};

/** The effective bandwidth cap and downtime limit of a cell, for reading; of its first trial that knows them. */
export function limitsOf(cell: CellSummary): {
  readonly cap: string;
  readonly downtimeLimit: string;
} {
  const record = cell.records.find(({ effective }) => effective !== undefined) ?? cell.records[0];
  const value = (name: string) =>
    record === undefined ? undefined : effectiveParameter(record, name);
  const cap = value('max-bandwidth');
  const limit = value('downtime-limit');
  return {
    cap: typeof cap === 'number' ? formatByteRate(cap) : (cap ?? UNKNOWN),
    downtimeLimit: typeof limit === 'number' ? formatDuration(limit) : (limit ?? UNKNOWN),
  };
}

/** The results table for copying: as in report.md. */
export function resultsOf(model: Pick<ReportModel, 'cells' | 'dimensions'>): ChartTable {
  const { cells, dimensions } = model;
  return {
    heads: [
      ...dimensions.map((dimension) => ({ title: dimensionTitles[dimension], figure: false })),
      { title: 'Completed', figure: false },
      ...resultMetrics.map(({ title }) => ({ title, figure: true })),
      { title: 'Cap', figure: true },
      { title: 'Downtime limit', figure: true },
    ],
    columns: [
      'cell_id',
      'completed',
      'n',
      ...resultMetrics.flatMap(({ column }) => [
        `${column}_median`,
        `${column}_ci_low`,
        `${column}_ci_high`,
      ]),
    ],
    rows: cells.map((cell, index) => {
      const limits = limitsOf(cell);
      const others = otherOutcomes(cell);
      const count = outcomeText(cell);
      const outcome =
        cell.completed === undefined ? others : others === '' ? count : `${count} (${others})`;
      const summaries = resultMetrics.map(({ key }) => metricSummary(cell, key));
      return {
        cell: index,
        texts: [
          ...dimensions.map((dimension) => cell.labels[dimension]),
          outcome,
          ...resultMetrics.map(({ key }, at) => {
            const summary = summaries[at];
            const median = formatCellMedian(cell, key);
            return summary?.ciLow === undefined ? median : `${median} (${formatInterval(summary)})`;
          }),
          limits.cap,
          limits.downtimeLimit,
        ],
        values: [
          cell.cellId,
          cell.outcomes.completed,
          cell.n,
          ...summaries.flatMap((summary) =>
            [summary?.median, summary?.ciLow, summary?.ciHigh].map((figure) =>
              figure === undefined || figure.censored ? undefined : figure.value,
            ),
          ),
        ],
      };
    }),
  };
}
