/** What a reader of a comparison must know beside its figures. */
import type { Comparison } from '../../harness/compare/types.ts';
import type { Notice } from '../notices.ts';
import { counted } from '../format.ts';

/** Ids of cells that are listed; a plan may have hundreds. */
const MOST_LISTED = 5;

function unmatchedText(side: string, ids: readonly string[], candidates: number): string {
  const where = side === 'base' && candidates > 1 ? ' in some candidate' : '';
  const more = ids.length > MOST_LISTED ? ` and ${ids.length - MOST_LISTED} more` : '';
  return `${counted(ids.length, 'cell')} of the ${side} ${ids.length === 1 ? 'lacks' : 'lack'} a partner${where}: ${ids.slice(0, MOST_LISTED).join(', ')}${more}.`;
}

/** Warnings first, then what differs, then what was left out. */
export function noticesOf({
  warnings,
  differences,
  unmatched,
  candidates,
}: Comparison): readonly Notice[] {
  return [
    ...warnings.map((text): Notice => ({ level: 'warning', text })),
    ...differences.map(({ what, base, candidate, incomparable }): Notice => ({
      level: incomparable ? 'warning' : 'note',
      text: `${what}: ${base} → ${candidate}`,
    })),
    ...(['base', 'candidate'] as const).flatMap((side): readonly Notice[] =>
      unmatched[side].length === 0
        ? []
        : [{ level: 'note', text: unmatchedText(side, unmatched[side], candidates.length) }],
    ),
  ];
}
