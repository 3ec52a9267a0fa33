/** A cell as reports show it: its label, and what became of its trials. */
import type { CellSummary } from '../harness/analysis/cells.ts';

/** The parts of a cell's name. */
export type Dimension = keyof CellSummary['labels'];

/** Between the parts of a cell's label. */
export const LABEL_SEPARATOR = ' · ';

export interface ReportCell extends CellSummary {
  /** Short and unique in this report: only what tells the cells apart. Plain text. */
  readonly label: string;
}

/** The dimensions in which cells differ; workload and setting always. */
export function dimensionsOf(cells: readonly CellSummary[]): readonly Dimension[] {
  const varies = (dimension: Dimension) =>
    new Set(cells.map((cell) => cell.labels[dimension])).size > 1;
  const others = (['link', 'guest', 'qemu'] as const).filter(varies);
  return ['workload', 'setting', ...others];
}

/** Cells with their labels. Two may differ in what no label says (a workload's parameter): the hash of their ids tells them apart. */
export function labelled(
  cells: readonly CellSummary[],
  dimensions: readonly Dimension[],
): readonly ReportCell[] {
  const name = (cell: CellSummary) =>
    dimensions.map((dimension) => cell.labels[dimension]).join(LABEL_SEPARATOR);
  const uses = new Map<string, number>();
  for (const cell of cells) uses.set(name(cell), (uses.get(name(cell)) ?? 0) + 1);
  return cells.map((cell) => {
    const unique = uses.get(name(cell)) === 1;
    const hash = cell.cellId.slice(cell.cellId.lastIndexOf('~') + 1);
    return { ...cell, label: unique ? name(cell) : `${name(cell)} ~${hash}` };
  });
}

/** `6/6`, or why there is nothing to count. */
export function outcomeText(cell: CellSummary): string {
  if (cell.completed !== undefined) return `${cell.completed.k}/${cell.completed.n}`;
  return cell.outcomes.invalid > 0 ? 'invalid' : 'skipped';
}

/** `2 not converged, 1 skipped`: what else became of the cell's trials; empty where all completed. */
export function otherOutcomes(cell: CellSummary): string {
  const { outcomes } = cell;
  return (
    [
      ['not-converged', 'not converged'],
      ['failed', 'failed'],
      ['invalid', 'invalid'],
      ['skipped', 'skipped'],
    ] as const
  )
    .flatMap(([kind, words]) => (outcomes[kind] === 0 ? [] : [`${outcomes[kind]} ${words}`]))
    .join(', ');
}
