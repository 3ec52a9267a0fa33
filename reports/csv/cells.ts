/** cells.csv: one row per cell and metric. The columns and their order are a contract (docs/formats.md). */
import type { Figure } from '../../harness/analysis/censored.ts';
import { metricSummary, type CellSummary } from '../../harness/analysis/cells.ts';
import { metricOf, type Metric } from '../../harness/analysis/metrics.ts';
import { csvRows, type CsvValue } from './write.ts';

/** Column names of cells.csv, in order. */
export const cellColumns = [
  'cell_id',
  'workload',
  'setting',
  'link',
  'guest',
  'qemu',
  'metric',
  'unit',
  'n',
  'completed',
  'completed_ci_low',
  'completed_ci_high',
  'median',
  'ci_low',
  'ci_high',
  'min',
  'max',
  'mad',
] as const;

/** Decimals kept of a figure of ours; a measured one is written as it is. */
const FRACTION_DIGITS = 6;

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toFixed(FRACTION_DIGITS));
}

/** A censored figure is written `>20000`: no number, so that nobody takes an average of it. */
function figure(value: Figure | undefined): CsvValue {
  if (value === undefined) return undefined;
  return value.censored ? `>${String(rounded(value.value))}` : rounded(value.value);
}

function row(cell: CellSummary, metric: Metric): readonly CsvValue[] {
  const summary = metricSummary(cell, metric.key);
  const { workload, setting, link, guest, qemu } = cell.labels;
  return [
    cell.cellId,
    workload,
    setting,
    link,
    guest,
    qemu,
    metric.column,
    metric.unit,
    cell.n,
    cell.outcomes.completed,
    rounded(cell.completed?.low),
    rounded(cell.completed?.high),
    figure(summary?.median),
    figure(summary?.ciLow),
    figure(summary?.ciHigh),
    figure(summary?.min),
    figure(summary?.max),
    rounded(summary?.mad),
  ];
}

/**
 * The whole of cells.csv. `n` and `completed` count the cell's trials (completed, not converged, failed) and are the
 * same in all its rows; the estimates are over those that have the metric. A cell without any figure still has its
 * total_time_ms row, so that no cell is missing.
 */
export function cellsCsv(cells: readonly CellSummary[]): string {
  const rows = cells.flatMap((cell) => {
    const found = cell.metrics.map((summary) => summary.metric);
    return (found.length === 0 ? [metricOf('totalTimeMs')] : found).map((metric) =>
      row(cell, metric),
    );
  });
  return csvRows([cellColumns, ...rows]);
}
