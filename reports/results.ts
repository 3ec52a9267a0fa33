/** The columns of the results table, the same in every format. */
import type { CellSummary } from '../harness/analysis/cells.ts';
import { metricOf, type Metric } from '../harness/analysis/metrics.ts';
import { formatByteRate, formatDuration } from '../harness/units.ts';
import { UNKNOWN } from './format.ts';
import type { Dimension } from './model.ts';
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
