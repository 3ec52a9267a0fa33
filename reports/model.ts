/** What every format of the report shows, worked out once: pure, from a run alone. */
import { summarizeInPlanOrder } from '../harness/analysis/cells.ts';
import { evaluateGate, failedChecks, type Gate } from '../harness/analysis/gate.ts';
import type { Run } from '../harness/record/reader.ts';
import type { Outcome } from '../harness/record/schema.ts';
import { dimensionsOf, labelled, type Dimension, type ReportCell } from './cell.ts';
import { counted } from './format.ts';
import type { Finding } from './verdict/finding.ts';
import { findingsOf } from './verdict/findings.ts';
import { noticesOf, type Notice, type NoticeLevel } from './notices.ts';

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
  /** The thresholds of the plan and of the command line; no checks where there are none. */
  readonly gate: Gate;
  /** The verdict in sentences, from the cells' figures: what to make of them. */
  readonly findings: readonly Finding[];
}

/** All that the report of a run says. */
export function buildModel(run: Run, thresholds: readonly string[] = []): ReportModel {
  const cells = summarizeInPlanOrder(run);
  const dimensions = dimensionsOf(cells);
  const outcomes = { completed: 0, 'not-converged': 0, failed: 0, skipped: 0, invalid: 0 };
  for (const record of run.records) outcomes[record.outcome.kind] += 1;
  const gate = evaluateGate(run, [...run.plan.thresholds, ...thresholds], cells);
  const named = labelled(cells, dimensions);
  const names = new Map(named.map(({ cellId, label }) => [cellId, label]));
  const notices = noticesOf(run, gate, (cellId) => names.get(cellId) ?? cellId);
  return {
    run,
    cells: named,
    dimensions,
    outcomes,
    verdict: [verdictOf(run, outcomes), ...gateVerdict(gate)].join(' '),
    level: notices.some(({ level }) => level === 'bad')
      ? 'bad'
      : notices.some(({ level }) => level === 'warning')
        ? 'warning'
        : 'good',
    notices,
    gate,
    findings: findingsOf(named, dimensions),
  };
}

/** One more sentence where there is a gate. */
function gateVerdict(gate: Gate): readonly string[] {
  const applied = gate.checks.filter(({ status }) => status !== 'not-applicable');
  if (applied.length === 0) return [];
  return [
    gate.passed
      ? `The gate is passed (${counted(applied.length, 'check')}).`
      : `The gate is NOT passed: ${failedChecks(gate).length} of ${counted(applied.length, 'check')} failed.`,
  ];
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
