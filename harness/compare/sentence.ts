/** The verdict of a comparison in a sentence. */
import { gravest } from './verdict.ts';
import type { CellComparison, Verdict } from './types.ts';

/** What is counted: every metric of every cell, and every cell's completion. */
export function countVerdicts(cells: readonly CellComparison[]): Readonly<Record<Verdict, number>> {
  const counts = { regressed: 0, improved: 0, differs: 0, 'no-change': 0, inconclusive: 0 };
  for (const { completion, metrics } of cells) {
    counts[completion.verdict] += 1;
    for (const { verdict } of metrics) counts[verdict] += 1;
  }
  return counts;
}

/** `Regressed: 2 of 24 figures are worse, 1 better, 18 unchanged, 3 inconclusive.` */
export function sentenceOf(cells: readonly CellComparison[]): string {
  const counts = countVerdicts(cells);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const newDamage = cells.filter(({ base, candidate }) => candidate.damaged > base.damaged).length;
  const words = (
    [
      ['regressed', 'worse'],
      ['improved', 'better'],
      ['differs', 'different'],
      ['no-change', 'without change'],
      ['inconclusive', 'inconclusive'],
    ] as const
  ).flatMap(([verdict, word]) => (counts[verdict] === 0 ? [] : [`${counts[verdict]} ${word}`]));
  const heads = {
    regressed: counts.improved > 0 ? 'Regressed, and improved elsewhere' : 'Regressed',
    improved: 'Improved',
    'no-change':
      counts.inconclusive > counts['no-change']
        ? 'No change found, but inconclusive for the most part'
        : 'No change found',
    inconclusive: 'Inconclusive',
  };
  const verdict = gravest(cells.map((cell) => cell.verdict));
  const damage =
    newDamage === 0
      ? ''
      : ` Guests were damaged in ${newDamage} ${newDamage === 1 ? 'cell' : 'cells'} in which the base damaged fewer or none.`;
  return `${heads[verdict]}: of ${total} ${total === 1 ? 'figure' : 'figures'} ${words.join(', ')}.${damage}`;
}
