/** The capacity table: what a class of workload needs, one row per cell, to be pasted into a guide. */
import { metricSummary } from '../harness/analysis/cells.ts';
import { formatBitRate, formatBytes } from '../harness/units.ts';
import { linkExtras } from './link.ts';
import { UNKNOWN, formatCellMedian, formatMedian } from './format.ts';
import { groupsOf } from './groups.ts';
import { compareTexts } from './order.ts';
import { bandwidthOf } from './charts/convergence-map.ts';
import type { ChartTable } from './charts/types.ts';
import { otherOutcomes, outcomeText, type ReportCell } from './cell.ts';

/** Sorted as a planner looks things up: workload, memory, setting, then from slow to fast links. */
export function capacityTable(cells: readonly ReportCell[]): ChartTable {
  const several = new Set(cells.map(({ labels }) => labels.qemu)).size > 1;
  const distinct = (of: (cell: ReportCell) => unknown) => new Set(cells.map(of)).size;
  // Guests of one size may differ in processors, machine or memory's backend.
  const hasGuests =
    distinct(({ labels }) => labels.guest) >
    distinct(({ records }) => records[0]?.guest.memoryBytes);
  const extras = (cell: ReportCell) =>
    cell.records[0] === undefined ? '' : linkExtras(cell.records[0].link);
  const hasExtras = cells.some((cell) => extras(cell) !== '');
  const places = [
    ...groupsOf(cells.entries(), ([, { labels }]) => labels.workload).values(),
  ].flatMap((group) => group.toSorted(([, a], [, b]) => order(a, b)));
  return {
    heads: [
      ...[
        ...['Workload', 'Memory', ...(hasGuests ? ['Guest'] : [])],
        ...['Setting', ...(several ? ['QEMU'] : [])],
      ].map((title) => ({ title, figure: false })),
      { title: 'Bandwidth', figure: true },
      ...(hasExtras ? [{ title: 'Link', figure: false }] : []),
      { title: 'Outcome', figure: false },
      ...['Time', 'Pause', 'Blackout', 'Bytes', '× memory'].map((title) => ({
        title,
        figure: true,
      })),
    ],
    columns: [
      ...['workload', 'guest_memory_bytes', ...(hasGuests ? ['guest'] : [])],
      ...['setting', ...(several ? ['qemu'] : []), 'link_bandwidth_bits_per_second'],
      ...(hasExtras ? ['link'] : []),
      ...['completed', 'n', 'total_time_ms_median'],
      ...[
        'pause_ms_median',
        'blackout_ms_median',
        'transferred_bytes_median',
        'transferred_of_memory',
      ],
    ],
    rows: places.map(([index, cell]) => {
      const record = cell.records[0];
      const memory = record?.guest.memoryBytes;
      const rate = record?.link.bandwidthBitsPerSecond;
      const bytes = metricSummary(cell, 'transferredBytes')?.median;
      const multiple =
        bytes === undefined || memory === undefined ? undefined : bytes.value / memory;
      const exact = (key: 'totalTimeMs' | 'pauseMs' | 'blackoutMs' | 'transferredBytes') => {
        const median = metricSummary(cell, key)?.median;
        return median === undefined || median.censored ? undefined : median.value;
      };
      const { workload, setting, qemu, guest, link } = cell.labels;
      const others = otherOutcomes(cell);
      const outcome =
        outcomeText(cell) + (others === '' || cell.completed === undefined ? '' : ` (${others})`);
      return {
        cell: index,
        texts: [
          ...[workload, memory === undefined ? UNKNOWN : formatBytes(memory)],
          ...[...(hasGuests ? [guest] : []), setting, ...(several ? [qemu] : [])],
          rate === undefined ? UNKNOWN : formatBitRate(rate),
          ...(hasExtras ? [extras(cell) || 'plain'] : []),
          outcome,
          formatMedian(metricSummary(cell, 'totalTimeMs')),
          formatMedian(metricSummary(cell, 'pauseMs')),
          formatCellMedian(cell, 'blackoutMs'),
          formatMedian(metricSummary(cell, 'transferredBytes')),
          multiple === undefined ? UNKNOWN : multiple.toFixed(2),
        ],
        values: [
          ...[workload, memory, ...(hasGuests ? [guest] : []), setting],
          ...[...(several ? [qemu] : []), rate, ...(hasExtras ? [link] : [])],
          ...[cell.outcomes.completed, cell.n, exact('totalTimeMs'), exact('pauseMs')],
          ...[exact('blackoutMs'), exact('transferredBytes')],
          multiple === undefined ? undefined : Number(multiple.toFixed(4)),
        ],
      };
    }),
  };
}

function order(a: ReportCell, b: ReportCell): number {
  const memory = (cell: ReportCell) => cell.records[0]?.guest.memoryBytes ?? 0;
  return (
    memory(a) - memory(b) ||
    compareTexts(a.labels.setting, b.labels.setting) ||
    bandwidthOf(a) - bandwidthOf(b) ||
    0
  );
}
