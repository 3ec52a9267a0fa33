/**
 * The verdict in sentences that need no chart. Each rule looks at the cells' summaries and says a sentence only where
 * they bear it; nothing here guesses, and no rule speaks where no trial counted.
 */
import type { Dimension, ReportCell } from '../cell.ts';
import { doNotConverge, everythingConverges } from './convergence.ts';
import type { Finding } from './finding.ts';
import { situationsOf } from './situation.ts';
import { longerThanAllowed, reportedTooLow } from './standstill.ts';
import { fewTrials } from './trials.ts';
import { versions } from './versions.ts';
import { lostWork } from './work.ts';

/** All sentences, the gravest first. */
export function findingsOf(
  cells: readonly ReportCell[],
  dimensions: readonly Dimension[],
): readonly Finding[] {
  const situations = situationsOf(cells, dimensions);
  const all = [
    ...doNotConverge(situations),
    ...everythingConverges(situations, dimensions),
    ...longerThanAllowed(cells, dimensions),
    ...reportedTooLow(cells, dimensions),
    ...lostWork(cells, dimensions),
    ...versions(cells, dimensions),
    ...fewTrials(cells),
  ];
  const order = ['bad', 'warning', 'good', 'note'] as const;
  return all.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}
