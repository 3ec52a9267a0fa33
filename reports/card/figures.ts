/** Predicted figures as cards and guides write them: with their interval, and a mark where they are extrapolated. */
import type { Card } from '../../harness/characterize/card.ts';
import { isBelowWindows, isBeyondWindows } from '../../harness/characterize/curve.ts';
import type { Range } from '../../harness/characterize/range.ts';
import { UNKNOWN } from '../format.ts';

/** `2.04 s (1.9 s – 2.2 s)`. */
export function rangeText(range: Range | undefined, format: (value: number) => string): string {
  if (range === undefined) return UNKNOWN;
  const { low, expected, high } = range;
  const [one, middle] = [format(low), format(expected)];
  if (high === undefined) return `${middle} (from ${one}, no upper bound)`;
  const other = format(high);
  return one === middle && other === middle ? middle : `${middle} (${one} – ${other})`;
}

/** A figure that is extrapolated has this behind it, before its interval. */
const MARK = '†';

export function marked(text: string, isExtrapolated: boolean): string {
  if (!isExtrapolated || text === UNKNOWN) return text;
  const [, figure = text, interval = ''] = /^(.*?)( \(.*)?$/u.exec(text) ?? [];
  return `${figure} ${MARK}${interval}`;
}

/** What the mark means. */
export const EXTRAPOLATED_NOTE = `${MARK} Extrapolated, outside of the windows that were measured: below the shortest the curve is taken as straight, and more may be dirtied (and required); in a pass beyond the longest the interval is from no more dirtied to the last slope all along.`;

/** Whether a card's curve says nothing of what is dirtied within so long. */
export function isOutside({ dirtyCurve }: Pick<Card, 'dirtyCurve'>, ms: number): boolean {
  const shortest = dirtyCurve[0]?.windowMs ?? 0;
  const longest = dirtyCurve.at(-1)?.windowMs ?? 0;
  return isBelowWindows(shortest, ms) || isBeyondWindows(longest, ms);
}

/** Whether a figure in these tables is extrapolated. */
export function hasMark(
  tables: readonly { readonly rows: readonly (readonly string[])[] }[],
): boolean {
  return tables.some(({ rows }) => rows.some((row) => row.some((cell) => cell.includes(MARK))));
}

/** A recommended way of moving a guest, in words. */
export function modeText(
  mode: Card['requiredDowntime'][number]['recommended'],
  channels: number | undefined,
): string {
  if (mode === 'do-not-move') return 'do not move it';
  return channels === undefined ? mode : `${mode}, ${channels} channels`;
}
