/** What every format of the report shows, worked out once: pure, from a run alone. */
import { summarizeCells, type CellSummary } from '../harness/analysis/cells.ts';
import type { Run } from '../harness/record/reader.ts';
import type { Outcome } from '../harness/record/schema.ts';
import { counted } from './format.ts';
import { noticesOf, type Notice, type NoticeLevel } from './notices.ts';

/** The parts of a cell's name. */
export type Dimension = keyof CellSummary['labels'];

/** Between the parts of a cell's label. */
export const LABEL_SEPARATOR = ' · ';

export interface ReportCell extends CellSummary {
  /** Short and unique in this report: only what tells the cells apart. Plain text. */
  readonly label: string;
}

export interface ReportModel {
  readonly run: Run;
  readonly cells: readonly ReportCell[];
  /** The dimensions worth a column: workload and setting always, the others where they vary. */
  readonly dimensions: readonly Dimension[];
  readonly outcomes: Readonly<Record<Outcome['kind'], number>>;
  /** One sentence. */
  readonly verdict: string;
  /** How bad things are: the gravest notice, `good` where there is none above a note. */
  readonly level: NoticeLevel | 'good';
  readonly notices: readonly Notice[];
}

/** All that the report of a run says. */
export function buildModel(run: Run): ReportModel {
  const cells = inPlanOrder(run, summarizeCells(run.records));
  const dimensions = dimensionsOf(cells);
  const outcomes = { completed: 0, 'not-converged': 0, failed: 0, skipped: 0, invalid: 0 };
  for (const record of run.records) outcomes[record.outcome.kind] += 1;
  const notices = noticesOf(run);
  return {
    run,
    cells: labelled(cells, dimensions),
    dimensions,
    outcomes,
    verdict: verdictOf(run, outcomes),
    level: notices.some(({ level }) => level === 'bad')
      ? 'bad'
      : notices.some(({ level }) => level === 'warning')
        ? 'warning'
        : 'good',
    notices,
  };
}

/** Trials run in random order; a reader looks for a cell where the plan has it. */
function inPlanOrder(run: Run, cells: readonly CellSummary[]): readonly CellSummary[] {
  const places = new Map(run.plan.cells.map((cell, index) => [cell.id, index]));
  const placeOf = (cell: CellSummary) => places.get(cell.cellId) ?? places.size;
  return cells.toSorted((one, other) => placeOf(one) - placeOf(other));
}

function dimensionsOf(cells: readonly CellSummary[]): readonly Dimension[] {
  const varies = (dimension: Dimension) =>
    new Set(cells.map((cell) => cell.labels[dimension])).size > 1;
  const others = (['link', 'guest', 'qemu'] as const).filter(varies);
  return ['workload', 'setting', ...others];
}

/** Two cells may differ in what no label says (a workload's parameter): the hash of their ids tells them apart. */
function labelled(
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

function verdictOf(run: Run, outcomes: ReportModel['outcomes']): string {
  const total = run.records.length;
  if (total === 0) {
    return `No trial has been recorded yet (${run.environment.plannedTrials} planned).`;
  }
  const rest = [
    [outcomes['not-converged'], 'did not converge'],
    [outcomes.failed, 'failed'],
    [outcomes.invalid, outcomes.invalid === 1 ? 'was invalid' : 'were invalid'],
    [outcomes.skipped, outcomes.skipped === 1 ? 'was skipped' : 'were skipped'],
  ] as const;
  const parts = rest.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  const completed =
    outcomes.completed === total
      ? `All ${counted(total, 'trial')} completed`
      : outcomes.completed === 0
        ? `None of ${counted(total, 'trial')} completed`
        : `${outcomes.completed} of ${counted(total, 'trial')} completed`;
  return parts.length === 0 ? `${completed}.` : `${completed}; ${parts.join(', ')}.`;
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
