/** Words for sentences: lists, and names of what a sentence is about. */
import type { Figure } from '../../harness/analysis/censored.ts';
import { formatDuration } from '../../harness/units.ts';
import type { Dimension, ReportCell } from '../cell.ts';

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], last = 'and'): string {
  if (words.length <= 1) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}

/** A length of time, ms: `1.42 s`; `more than 20 s` where only a bound is known. */
export function figureText({ value, censored }: Figure): string {
  return `${censored ? 'more than ' : ''}${formatDuration(value)}`;
}

/** `does` or `do`. */
export function verb(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

/** As `listed`, where a long list is cut: `a, b and 5 more`. */
export function shortList(words: readonly string[], last = 'and', most = 4): string {
  if (words.length <= most) return listed(words, last);
  return `${words.slice(0, most).join(', ')} ${last} ${words.length - most} more`;
}

const prepositions: readonly (readonly [dimension: Dimension, preposition: string])[] = [
  ['setting', 'with'],
  ['link', 'at'],
  ['guest', 'in'],
  ['qemu', 'on'],
];

/** A cell within a sentence: `database with precopy at 1Gbit on debian:trixie`; what tells it apart, as its label. */
export function cellName(cell: ReportCell, dimensions: readonly Dimension[]): string {
  const { labels, label, cellId } = cell;
  const hash = cellId.slice(cellId.lastIndexOf('~'));
  return [
    labels.workload,
    ...prepositions.flatMap(([dimension, preposition]) =>
      dimensions.includes(dimension) ? [`${preposition} ${labels[dimension]}`] : [],
    ),
    // Where labels do not tell two cells apart.
    ...(label.endsWith(` ${hash}`) ? [hash] : []),
  ].join(' ');
}
