/**
 * The gate of a comparison: what has regressed, and the thresholds on changes. A change breaches one only where it is
 * a change (its interval excludes none, after correction) and its estimate is beyond the limit: noise fails no gate.
 */
import { INTEGRITY, type GateCheck } from '../analysis/gate.ts';
import {
  distinctThresholds,
  holds,
  parseThreshold,
  type RelativeThreshold,
} from '../analysis/threshold.ts';
import type { CellComparison, Comparison, MetricComparison } from './types.ts';
import { changeText as percentText } from './verdict.ts';

/** Holds for every gate, beside `INTEGRITY`. */
export const COMPLETION_RULE = 'completion does not regress';

/**
 * Check a comparison. Completion regressions and damaged guests always fail a gate. With thresholds, they say how much
 * of a change is too much; without, every metric that has regressed is.
 *
 * A rule that nothing conclusive could be held to fails too: a gate that has checked nothing must not look like one
 * that was passed.
 *
 * @param thresholds relative ones (`total_time_ms <= +5%`).
 */
export function evaluateComparisonGate(
  { cells, unmatched, candidates }: Pick<Comparison, 'cells' | 'unmatched' | 'candidates'>,
  thresholds: readonly RelativeThreshold[],
): NonNullable<Comparison['gate']> {
  const rules = thresholds.length === 0 ? [noneRegresses(cells)] : [];
  const checks = [
    ...cells.flatMap((cell) => [checkCompletion(cell), checkIntegrity(cell)]),
    ...rules.flat(),
    ...thresholds.flatMap((threshold) => checkThreshold(threshold, cells)),
  ];
  return {
    checks,
    passed: checks.every(({ status }) => status !== 'failed'),
    notes: [
      ...lostNote(unmatched.base.length, candidates.length),
      ...thresholds.flatMap((threshold) => coarseNote(threshold, cells) ?? []),
    ],
  };
}

/** The relative ones of some thresholds, which are known to be valid, each once. */
export function relativeThresholds(texts: readonly string[]): readonly RelativeThreshold[] {
  return distinctThresholds(texts).flatMap((text) => {
    const parsed = parseThreshold(text);
    return parsed.ok && parsed.threshold.kind === 'relative' ? [parsed.threshold] : [];
  });
}

/**
 * Fewer than chance explains; and, however few trials there are, none where the base completed all, or none that
 * counts (the build has come to refuse the setting).
 */
function checkCompletion({ label, completion, base, candidate }: CellComparison): GateCheck {
  const { base: before, candidate: now, verdict } = completion;
  const share = (side: typeof before, { outcomes }: CellComparison['base']) =>
    side === undefined
      ? `no trial counts (${outcomes.skipped} skipped, ${outcomes.invalid} invalid)`
      : `${side.k} of ${side.n} completed`;
  const text = `${share(before, base)} at the base, ${share(now, candidate)} at the candidate`;
  const lost =
    before !== undefined &&
    before.k > 0 &&
    (now === undefined ? candidate.outcomes.skipped > 0 : now.k === 0 && before.k === before.n);
  const common = { threshold: COMPLETION_RULE, cellId: label, text };
  if (verdict === 'regressed' || lost) return { ...common, status: 'failed' };
  return {
    ...common,
    status: before === undefined || now === undefined ? 'not-applicable' : 'passed',
  };
}

function checkIntegrity({ label, candidate }: CellComparison): GateCheck {
  return {
    threshold: INTEGRITY,
    cellId: label,
    status: candidate.damaged > 0 ? 'failed' : 'passed',
    text: `${candidate.damaged} trials of the candidate damaged the guest's data`,
  };
}

/** In force where no threshold is given. */
function noneRegresses(cells: readonly CellComparison[]): readonly GateCheck[] {
  const checks = cells.flatMap(({ label, metrics }) =>
    metrics.map((each): GateCheck => ({
      threshold: `${each.metric.column} does not regress`,
      cellId: label,
      status:
        each.verdict === 'regressed'
          ? 'failed'
          : each.verdict === 'inconclusive'
            ? 'not-applicable'
            : 'passed',
      text: foundText(each),
    })),
  );
  return withoutAny('no metric regresses', checks);
}

function checkThreshold(
  threshold: RelativeThreshold,
  cells: readonly CellComparison[],
): readonly GateCheck[] {
  const checks = cells.flatMap(({ label, metrics }) =>
    metrics
      .filter(({ metric }) => metric.key === threshold.metric.key)
      .map((each): GateCheck => ({
        threshold: threshold.text,
        cellId: label,
        status: statusOf(threshold, each),
        text: foundText(each),
      })),
  );
  return withoutAny(threshold.text, checks);
}

/** Adds a failure where there is nothing that could be judged. */
function withoutAny(rule: string, checks: readonly GateCheck[]): readonly GateCheck[] {
  if (checks.some(({ status }) => status !== 'not-applicable')) return checks;
  const text = 'nothing conclusive that it could be checked on: more repetitions are needed';
  return [...checks, { threshold: rule, status: 'failed', text }];
}

/** Differences and ratios are taken into each other by the base's median where the limit is of the other kind. */
function statusOf(
  { operator, change }: RelativeThreshold,
  { verdict, effect, base }: MetricComparison,
): GateCheck['status'] {
  const judged = (passed: boolean) => (passed ? 'passed' : 'failed');
  const neutral = change.kind === 'ratio' ? 1 : 0;
  if (verdict === 'no-change') return judged(holds(neutral, operator, change.value));
  if (verdict === 'inconclusive') {
    // A demand for a change that was not seen is not met; a limit that noise might exceed is not breached.
    return holds(neutral, operator, change.value) ? 'not-applicable' : 'failed';
  }
  const estimate = effect?.estimate;
  // Without one (too many trials did not converge) the change is without bounds.
  if (effect === undefined || estimate === undefined) return judged(verdict !== 'regressed');
  const median = base.median?.value ?? 0;
  const found =
    effect.kind === change.kind
      ? estimate
      : effect.kind === 'ratio'
        ? (estimate - 1) * median
        : median > 0
          ? 1 + estimate / median
          : undefined;
  return judged(
    found === undefined ? verdict !== 'regressed' : holds(found, operator, change.value),
  );
}

/** `regressed: × 1.21 (1.17 – 1.26), n = 10 and 10`. */
function foundText({ metric, verdict, reason, effect, base, candidate }: MetricComparison): string {
  const digits = (value: number | undefined) =>
    value === undefined ? '?' : String(Number(value.toPrecision(3)));
  const counts = `n = ${base.n} and ${candidate.n}`;
  const judged = reason === '' ? verdict : `${verdict} (${reason})`;
  if (effect === undefined) return `${judged}, ${counts}`;
  const { kind, estimate, interval, beyond } = effect;
  if (beyond !== undefined) {
    return `${judged}: ${beyond === 'above' ? 'higher' : 'lower'} by more than can be said, since so many did not converge, ${counts}`;
  }
  const size = kind === 'ratio' ? `× ${digits(estimate)}` : `by ${digits(estimate)} ${metric.unit}`;
  const ends =
    interval === undefined ? '' : ` (${digits(interval.low)} – ${digits(interval.high)})`;
  return `${judged}: ${size}${ends}, ${counts}`;
}

/** What the base measured and has not been compared with some candidate. */
function lostNote(count: number, candidates: number): readonly string[] {
  if (count === 0) return [];
  const [where, how] = candidates > 1 ? [' in some candidate', ' wholly'] : ['', ''];
  const which =
    count === 1
      ? `1 cell of the base lacks a partner${where}, and is`
      : `${count} cells of the base lack a partner${where}, and are`;
  return [`${which} not${how} covered by this gate.`];
}

/** A limit that is finer than what counts as a change, or than what would have been seen. */
function coarseNote(
  { text, metric, change }: RelativeThreshold,
  cells: readonly CellComparison[],
): string | undefined {
  const found = cells.flatMap(({ metrics }) =>
    metrics.filter((each) => each.metric.key === metric.key),
  );
  /** The greatest of these that the limit is below, where it is below any. */
  const above = (sizeOf: (each: MetricComparison) => number | undefined): number | undefined =>
    found
      .map((each) => ({ size: sizeOf(each) ?? 0, limit: relativeSize(change, each) }))
      .filter(({ size, limit }) => limit < size)
      .map(({ size }) => size)
      .toSorted((a, b) => b - a)[0];
  const counting = above(({ minimumChange }) => minimumChange);
  if (counting !== undefined) {
    return `${text}: changes below ${percentText(counting)} are not called here, whatever the limit (--minimum-change).`;
  }
  const seen = above(({ verdict, minimumDetectable }) =>
    verdict === 'no-change' ? minimumDetectable : undefined,
  );
  return seen === undefined
    ? undefined
    : `${text}: a change below ${percentText(seen)} may have been missed; more repetitions would show it.`;
}

/** A limit as a fraction of the base's median. */
function relativeSize(
  { kind, value }: RelativeThreshold['change'],
  { base }: MetricComparison,
): number {
  if (kind === 'ratio') return Math.abs(value - 1);
  const median = base.median?.value ?? 0;
  return median > 0 ? Math.abs(value) / median : Infinity;
}
