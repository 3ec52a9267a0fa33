/** From the records of a run to one summary per cell: how many completed, and an estimate of every metric. */
import type { Run } from '../record/reader.ts';
import type { Outcome, TrialRecord } from '../record/schema.ts';
import { exact, moreThan, type Figure } from './censored.ts';
import { medianAbsoluteDeviation } from './median-absolute-deviation.ts';
import { median } from './median.ts';
import { medianInterval } from './median-interval.ts';
import { metrics, type Metric } from './metrics.ts';
import { range } from './range.ts';
import { wilsonInterval, type Proportion } from './wilson-interval.ts';

/** One metric of one cell, over the cell's completed trials that have it. */
export interface MetricSummary {
  readonly metric: Metric;
  /** How many figures the estimates are made of, censored ones included; at least 1. */
  readonly values: number;
  readonly median: Figure;
  /** Ends of the 95 % interval of the median; absent below six values ("n too small"). */
  readonly ciLow?: Figure;
  readonly ciHigh?: Figure;
  readonly min: Figure;
  readonly max: Figure;
  /** Median absolute deviation, in the metric's unit; absent where a value is censored. */
  readonly mad?: number;
}

export interface CellSummary {
  readonly cellId: string;
  readonly labels: TrialRecord['labels'];
  /** The cell's records, in the run's order. */
  readonly records: readonly TrialRecord[];
  readonly outcomes: Readonly<Record<Outcome['kind'], number>>;
  /** Trials that count: completed, not converged or failed. Skipped and invalid ones are no results. */
  readonly n: number;
  /** How many of the n completed, with Wilson's interval; absent for n = 0. */
  readonly completed?: Proportion;
  /** Only metrics that at least one trial has, in the catalogue's order. */
  readonly metrics: readonly MetricSummary[];
}

/** Summaries of all cells that have records, in the order in which the cells first appear. */
export function summarizeCells(records: readonly TrialRecord[]): readonly CellSummary[] {
  const cells = new Map<string, TrialRecord[]>();
  for (const record of records) {
    const cell = cells.get(record.cellId);
    if (cell === undefined) cells.set(record.cellId, [record]);
    else cell.push(record);
  }
  return [...cells].map(([cellId, cell]) => summarizeCell(cellId, cell));
}

/** Cells in the plan's order, where a reader looks for one; trials run in random order. What the plan has not is last. */
export function inPlanOrder<Cell extends { readonly cellId: string }>(
  plan: Pick<Run['plan'], 'cells'>,
  cells: readonly Cell[],
): readonly Cell[] {
  const places = new Map(plan.cells.map(({ id }, index) => [id, index]));
  const placeOf = ({ cellId }: Cell) => places.get(cellId) ?? places.size;
  return cells.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** Summaries in the plan's order. */
export function summarizeInPlanOrder({
  plan,
  records,
}: Pick<Run, 'plan' | 'records'>): readonly CellSummary[] {
  return inPlanOrder(plan, summarizeCells(records));
}

function summarizeCell(cellId: string, records: readonly TrialRecord[]): CellSummary {
  const outcomes = { completed: 0, 'not-converged': 0, failed: 0, skipped: 0, invalid: 0 };
  for (const record of records) outcomes[record.outcome.kind] += 1;
  const n = outcomes.completed + outcomes['not-converged'] + outcomes.failed;
  const completed = wilsonInterval(outcomes.completed, n);
  const labels = records[0]?.labels;
  if (labels === undefined) throw new RangeError(`cell ${cellId} has no records`);
  return {
    cellId,
    labels,
    records,
    outcomes,
    n,
    ...(completed === undefined ? {} : { completed }),
    metrics: metrics.flatMap((metric) => summarizeMetric(metric, records) ?? []),
  };
}

/**
 * A trial's figure for a metric; `undefined` where it has none that counts.
 *
 * Only completed trials have figures, with one exception: the total time of a not-converged trial is known to be
 * more than its deadline, and leaving it out would make the setting that fails most look best.
 */
export function figureOf(metric: Metric, record: TrialRecord): Figure | undefined {
  if (record.outcome.kind === 'completed') {
    const value = record.measurements[metric.key];
    return value === undefined ? undefined : exact(value);
  }
  if (record.outcome.kind === 'not-converged' && metric.key === 'totalTimeMs') {
    return moreThan(record.deadlineMs);
  }
  return undefined;
}

function summarizeMetric(
  metric: Metric,
  records: readonly TrialRecord[],
): MetricSummary | undefined {
  const figures = records.flatMap((record) => figureOf(metric, record) ?? []);
  const middle = median(figures);
  const ends = range(figures);
  if (middle === undefined || ends === undefined) return undefined;
  const interval = medianInterval(figures);
  const mad = medianAbsoluteDeviation(figures);
  return {
    metric,
    values: figures.length,
    median: middle,
    ...(interval === undefined ? {} : { ciLow: interval.low, ciHigh: interval.high }),
    min: ends.min,
    max: ends.max,
    ...(mad === undefined ? {} : { mad }),
  };
}

/** A cell's summary of a metric; `undefined` where no trial has a figure. */
export function metricSummary(cell: CellSummary, key: Metric['key']): MetricSummary | undefined {
  return cell.metrics.find((summary) => summary.metric.key === key);
}
