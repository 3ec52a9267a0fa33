/**
 * The gate of a run: its thresholds, each checked in every cell. What compares with a baseline is not judged here but
 * where there is one (`compare`, `regress`).
 */
import type { Run } from '../record/reader.ts';
import { summarizeInPlanOrder, type CellSummary } from './cells.ts';
import type { Metric } from './metrics.ts';
import {
  distinctThresholds,
  holds,
  parseThreshold,
  type AbsoluteThreshold,
  type OutcomeThreshold,
  type Statistic,
} from './threshold.ts';

/** A threshold in a cell. */
export interface GateCheck {
  /** As written. */
  readonly threshold: string;
  /** Absent where it is about the whole run. */
  readonly cellId?: string;
  /** `not-applicable`: the cell has no figure of this kind, or is not meant to complete. */
  readonly status: 'passed' | 'failed' | 'not-applicable';
  /** What was found, as a part of a sentence; plain text. */
  readonly text: string;
}

export interface Gate {
  /** By threshold in the order given, then by cell; empty where the run has no gate. */
  readonly checks: readonly GateCheck[];
  readonly passed: boolean;
}

/** The checks that fail. */
export function failedChecks({ checks }: Pick<Gate, 'checks'>): readonly GateCheck[] {
  return checks.filter(({ status }) => status === 'failed');
}

/** Always part of a gate: a guest whose data was damaged is worse than a slow one. */
export const INTEGRITY = 'integrity != damaged';

/** Part of it where the run knows how many cells it was to have. */
export const COVERAGE = 'every cell has a trial';

/**
 * Check thresholds; without any there is no gate, and none that fails. Damaged guest data always fails one.
 *
 * A threshold that no cell could be held to fails too, and so does a cell without a trial: a gate that has checked
 * nothing must not look like one that was passed. Where all thresholds are on changes, there is none to look like it.
 *
 * @param cells of the run, in the plan's order, where the caller has them already.
 */
export function evaluateGate(
  run: Pick<Run, 'records' | 'plan'> & Partial<Pick<Run, 'environment'>>,
  thresholds: readonly string[],
  cells?: readonly CellSummary[],
): Gate {
  if (thresholds.length === 0) return { checks: [], passed: true };
  const expectations = new Map(run.plan.cells.map(({ id, expect }) => [id, expect]));
  const all = cells ?? summarizeInPlanOrder(run);
  const judgedHere = isJudgedInRun(thresholds);
  const checks = [
    ...distinctThresholds(thresholds).flatMap((text) => checkThreshold(text, all, expectations)),
    ...(judgedHere ? checkCoverage(all.length, run.environment?.plannedCells) : []),
    ...(judgedHere ? all.map(checkIntegrity) : []),
  ];
  return { checks, passed: checks.every(({ status }) => status !== 'failed') };
}

/** Whether one of the thresholds is about a run by itself, and not about a change. */
export function isJudgedInRun(thresholds: readonly string[]): boolean {
  return thresholds.some((text) => {
    const parsed = parseThreshold(text);
    return !parsed.ok || parsed.threshold.kind !== 'relative';
  });
}

/** Cells that a limit of time or an end too early has left without a trial. */
function checkCoverage(found: number, planned: number | undefined): readonly GateCheck[] {
  const missing = (planned ?? 0) - found;
  if (missing <= 0) return [];
  const text = `${missing} of ${planned} cells ${missing === 1 ? 'has' : 'have'} no trial yet: go on with --resume`;
  return [{ threshold: COVERAGE, status: 'failed', text }];
}

function checkThreshold(
  text: string,
  cells: readonly CellSummary[],
  expectations: ReadonlyMap<string, string | undefined>,
): readonly GateCheck[] {
  const parsed = parseThreshold(text);
  if (!parsed.ok) return [{ threshold: text, status: 'failed', text: parsed.reason }];
  const { threshold } = parsed;
  if (threshold.kind === 'relative') {
    const reason = 'compares with a baseline: judged by compare and regress';
    return [{ threshold: threshold.text, status: 'not-applicable', text: reason }];
  }
  const checks = cells.map((cell): GateCheck => {
    const { cellId } = cell;
    const expected = expectations.get(cellId);
    const found =
      expected !== undefined && expected !== 'completed'
        ? notApplicable(`the plan expects ${expected}`)
        : threshold.kind === 'outcome'
          ? checkOutcome(threshold, cell)
          : checkFigure(threshold, cell);
    return { threshold: threshold.text, cellId, ...found };
  });
  if (checks.some(({ status }) => status !== 'not-applicable')) return checks;
  const nothing = { threshold: threshold.text, status: 'failed' } as const;
  return [...checks, { ...nothing, text: 'no cell has anything that it could be checked on' }];
}

type Found = Pick<GateCheck, 'status' | 'text'>;

const notApplicable = (text: string): Found => ({ status: 'not-applicable', text });
const judged = (passed: boolean, text: string): Found => ({
  status: passed ? 'passed' : 'failed',
  text,
});

/** Skipped and invalid trials are no results: they count only for a threshold that names them. */
function checkOutcome({ operator, outcome }: OutcomeThreshold, cell: CellSummary): Found {
  const countsAll = outcome === 'skipped' || outcome === 'invalid';
  const total = countsAll ? cell.records.length : cell.n;
  if (total === 0) return notApplicable('no trial counts');
  const count = cell.outcomes[outcome];
  const others = Object.entries(cell.outcomes)
    .filter(([kind, n]) => kind !== outcome && n > 0)
    .map(([kind, n]) => `${n} ${kind}`);
  const text = [`${count} of ${total} trials ${outcome}`, ...others].join(', ');
  return judged(operator === '==' ? count === total : count === 0, text);
}

/**
 * Over all trials that count. One that did not complete ranks worst, which is highest for an upper limit and lowest
 * for a lower one: three of five that hang must not make a good median.
 */
function checkFigure(threshold: AbsoluteThreshold, cell: CellSummary): Found {
  const { metric, operator, statistic, value: limit } = threshold;
  if (cell.n === 0) return notApplicable('no trial counts');
  const worst = operator === '>' || operator === '>=' ? -Infinity : Infinity;
  const values = cell.records.flatMap(({ outcome, measurements }) => {
    if (outcome.kind === 'not-converged' || outcome.kind === 'failed') return worst;
    const value = outcome.kind === 'completed' ? measurements[metric.key] : undefined;
    return value ?? [];
  });
  if (!values.some(Number.isFinite) && cell.outcomes.completed > 0) {
    return notApplicable('no trial has this figure');
  }
  const found = statisticOf(values, statistic);
  if (found === undefined) return notApplicable('no trial has this figure');
  const lost = cell.n - cell.outcomes.completed;
  const text =
    `${statistic} ${Number.isFinite(found) ? shown(found, metric) : 'none'} over ${values.length} trials` +
    (lost === 0 ? '' : `, of which ${lost} did not complete and rank worst`);
  return judged(Number.isFinite(found) && holds(found, operator, limit), text);
}

function statisticOf(values: readonly number[], statistic: Statistic): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return undefined;
  switch (statistic) {
    case 'min':
      return first;
    case 'max':
      return last;
    case 'median': {
      const upper = sorted[Math.floor(sorted.length / 2)] ?? last;
      const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? first;
      return upper === lower ? upper : (lower + upper) / 2;
    }
  }
}

/** Six digits: enough to see why 300.2 ms is not below 300. */
function shown(value: number, { unit }: Metric): string {
  const text = String(Number(value.toPrecision(6)));
  return unit === 'count' ? text : `${text} ${unit}`;
}

function checkIntegrity(cell: CellSummary): GateCheck {
  const damaged = cell.records.filter(({ integrity }) => integrity === 'damaged').length;
  const text = `${damaged} of ${cell.records.length} trials damaged the guest's data`;
  return { threshold: INTEGRITY, cellId: cell.cellId, ...judged(damaged === 0, text) };
}
