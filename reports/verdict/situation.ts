/** A situation: one workload on one link with one guest and QEMU. Its cells are the settings to choose between. */
import { compareFigures, type Figure } from '../../harness/analysis/censored.ts';
import { metricSummary, type MetricSummary } from '../../harness/analysis/cells.ts';
import type { Metric } from '../../harness/analysis/metrics.ts';
import { range, type Range } from '../../harness/analysis/range.ts';
import type { Dimension, ReportCell } from '../cell.ts';
import { groupsOf } from '../groups.ts';

export interface Situation {
  /** Workload and guest, as far as they vary: `memory-stress in 1GiB`. Plain text. */
  readonly subject: string;
  readonly qemu: string;
  /** The link's label. */
  readonly link: string;
  readonly bandwidth: number;
  readonly cells: readonly ReportCell[];
}

/** All cells of a run by what they have in common but for the setting. */
export function situationsOf(
  cells: readonly ReportCell[],
  dimensions: readonly Dimension[],
): readonly Situation[] {
  const named = (cell: ReportCell) =>
    dimensions
      .filter((dimension) => dimension === 'workload' || dimension === 'guest')
      .map((dimension) => cell.labels[dimension])
      .join(' in ');
  // The id without the setting would be safer than labels, but two workloads of one label read as one anyway.
  const key = (cell: ReportCell) =>
    JSON.stringify([named(cell), cell.labels.link, cell.labels.qemu]);
  return [...groupsOf(cells, key).values()].map((members) => {
    const rate = members[0].records[0]?.link.bandwidthBitsPerSecond;
    return {
      subject: named(members[0]),
      qemu: members[0].labels.qemu,
      link: members[0].labels.link,
      bandwidth: typeof rate === 'number' ? rate : Infinity,
      cells: members,
    };
  });
}

/** All trials that count completed. */
export function converges(cell: ReportCell): boolean {
  return cell.completed !== undefined && cell.completed.k === cell.completed.n;
}

/** Some trial ran into its deadline. */
export function stalls(cell: ReportCell): boolean {
  return cell.outcomes['not-converged'] > 0;
}

/**
 * The cells in which some trials completed and others did not: failed, or ran into their deadline where other settings
 * never completed.
 */
export function convergingInPart(cells: readonly ReportCell[]): readonly ReportCell[] {
  const never = cells.some((cell) => stalls(cell) && cell.completed?.k === 0);
  return cells.filter((cell) => {
    const { k, n } = cell.completed ?? { k: 0, n: 0 };
    return k > 0 && k < n && (never || !stalls(cell));
  });
}

/** A median that is a number. */
export function exactMedian(cell: ReportCell, key: Metric['key']): number | undefined {
  const summary: MetricSummary | undefined = metricSummary(cell, key);
  return summary === undefined || summary.median.censored ? undefined : summary.median.value;
}

/** The least and the greatest figure of any trial of these cells; `undefined` where none has one. */
export function rangeOf(cells: readonly ReportCell[], key: Metric['key']): Range | undefined {
  return range(
    cells.flatMap((cell) => {
      const summary = metricSummary(cell, key);
      return summary === undefined ? [] : [summary.min, summary.max];
    }),
  );
}

/** The cell with the greatest figure of any trial; `undefined` where none has one. */
export function longestOf(
  cells: readonly ReportCell[],
  key: Metric['key'],
): { readonly cell: ReportCell; readonly longest: Figure } | undefined {
  return cells
    .flatMap((cell) => {
      const longest = metricSummary(cell, key)?.max;
      return longest === undefined ? [] : [{ cell, longest }];
    })
    .toSorted((a, b) => compareFigures(b.longest, a.longest))[0];
}
