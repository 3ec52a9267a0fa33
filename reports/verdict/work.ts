/** Rule: what migrations cost their workloads. */
import { formatDuration } from '../../harness/units.ts';
import type { Dimension, ReportCell } from '../cell.ts';
import type { Finding } from './finding.ts';
import { exactMedian } from './situation.ts';
import { cellName } from './words.ts';

/** Less lost work is within what any measurement disturbs, ms. */
export const LEAST_LOST_MS = 50;

/** Which migration costs its workload most, and what the cheapest one does. */
export function lostWork(
  cells: readonly ReportCell[],
  dimensions: readonly Dimension[],
): readonly Finding[] {
  const measured = cells.flatMap((cell) => {
    const seconds = exactMedian(cell, 'workloadLostSeconds');
    return seconds === undefined ? [] : [{ cell, ms: seconds * 1000 }];
  });
  const lost = measured.filter(({ ms }) => ms >= LEAST_LOST_MS).toSorted((a, b) => b.ms - a.ms);
  const [worst] = lost;
  const least = lost.at(-1);
  if (worst === undefined || least === undefined) return [];
  const free = measured.length - lost.length;
  const rest =
    measured.length === 1
      ? ''
      : free > 0
        ? `; in ${free} of ${measured.length} cells no loss was seen`
        : `, the cheapest ${formatDuration(least.ms)} (${cellName(least.cell, dimensions)})`;
  return [
    {
      level: 'note',
      rule: 'lost-work',
      text: `The dearest migration costs ${formatDuration(worst.ms)} of work (${cellName(worst.cell, dimensions)})${rest}.`,
    },
  ];
}
