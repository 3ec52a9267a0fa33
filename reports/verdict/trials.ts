/** Rule: one or two trials per cell are a look around. */
import type { ReportCell } from '../cell.ts';
import type { Finding } from './finding.ts';
import { verb } from './words.ts';

/** From here on a median has an interval. */
const ENOUGH = 6;

/** Where no cell has enough. */
export function fewTrials(cells: readonly ReportCell[]): readonly Finding[] {
  const most = Math.max(0, ...cells.map(({ n }) => n));
  if (most === 0 || most >= ENOUGH) return [];
  return [
    {
      level: 'note',
      rule: 'few-trials',
      text: `With at most ${most} ${verb(most, 'trial', 'trials')} per cell this is a look around: no figure has an interval yet. Ten repetitions bear a decision.`,
    },
  ];
}
