/** One metric of a pair of cells, in two steps: its test, and (once all tests are known) its verdict. */
import { minimumDetectableShift } from '../analysis/minimum-detectable-effect.ts';
import type { Metric } from '../analysis/metrics.ts';
import { stratifiedRankTest, type RankTest } from '../analysis/stratified-rank-test.ts';
import type { CellPair } from './match.ts';
import { effectOf, figuresOf, scaleOf, strataOf, summaryOf } from './sample.ts';
import type { CompareOptions, Effect, MetricComparison, SampleSummary } from './types.ts';
import { judgeMetric } from './verdict.ts';

/** A metric's figures, tested but not yet judged. */
export interface TestedMetric {
  readonly metric: Metric;
  readonly base: SampleSummary;
  readonly candidate: SampleSummary;
  readonly test?: RankTest;
  readonly effect?: Effect;
  readonly minimumChange: number;
}

/** The test of a metric; `undefined` where neither side has a figure. */
export function testMetric(
  metric: Metric,
  pair: CellPair,
  sameRun: boolean,
  options: CompareOptions,
): TestedMetric | undefined {
  const base = figuresOf(metric, pair.base);
  const candidate = figuresOf(metric, pair.candidate);
  if (base.length === 0 && candidate.length === 0) return undefined;
  const scale = scaleOf([...base, ...candidate]);
  const strata = strataOf(base, candidate, { sameRun, scale });
  const test = stratifiedRankTest(strata);
  const effect = effectOf(strata, scale, options.confidence);
  const floor = options.noiseFloor?.(metric.key, pair.base.cellId) ?? 0;
  return {
    metric,
    base: summaryOf(base),
    candidate: summaryOf(candidate),
    ...(test === undefined ? {} : { test }),
    ...(effect === undefined ? {} : { effect }),
    minimumChange: Math.max(options.minimumChange, floor),
  };
}

/** Whether any outcome of the test could be called; tests of too few figures do not count in the correction. */
export function canBeCalled(tested: TestedMetric, options: CompareOptions): boolean {
  return tested.test !== undefined && tested.test.smallestP <= options.alpha;
}

/** Among how many tests one is judged, and the level that is left for it. */
export interface Family {
  readonly tests: number;
  readonly level: number;
}

/** The least relative change that these figures would have shown: significant, and above a least one. */
function detectableAbove(
  leastChange: number,
  { metric, base, effect }: TestedMetric,
  level: number,
): number | undefined {
  const { interval, kind, confidence } = effect ?? {};
  if (interval?.low === undefined || interval.high === undefined || confidence === undefined) {
    return undefined;
  }
  const isRatio = kind === 'ratio';
  const scale = isRatio ? Math.log : (value: number) => value;
  const ends = { low: scale(interval.low), high: scale(interval.high) };
  const middle = base.median?.censored === false ? Math.abs(base.median.value) : 0;
  const least = isRatio ? Math.log1p(leastChange) : leastChange * middle;
  const shift = minimumDetectableShift(ends, { confidence, level, least });
  if (shift === undefined || (!isRatio && middle === 0)) return undefined;
  const change = isRatio ? Math.expm1(shift) : shift / middle;
  // Figures in whole units cannot show less than one, however quiet they are.
  const step = metric.digits === 0 && middle > 0 ? 1 / middle : 0;
  return Math.max(change, step);
}

/** The whole comparison of a metric. */
export function compareMetric(
  tested: TestedMetric,
  adjustedP: number | undefined,
  { tests, level }: Family,
  options: CompareOptions,
): MetricComparison {
  const { test } = tested;
  const detectable = detectableAbove(tested.minimumChange, tested, level);
  const judged = judgeMetric(tested, {
    ...options,
    tests,
    adjustedP,
    minimumDetectable: detectable,
    noise: detectableAbove(0, tested, level),
  });
  return {
    metric: tested.metric,
    base: tested.base,
    candidate: tested.candidate,
    ...(test === undefined
      ? {}
      : {
          test: {
            method: test.method,
            strata: test.strata,
            p: test.p,
            smallestP: test.smallestP,
            ...(adjustedP === undefined ? {} : { adjustedP }),
          },
        }),
    ...(tested.effect === undefined ? {} : { effect: tested.effect }),
    ...(detectable === undefined ? {} : { minimumDetectable: detectable }),
    minimumChange: tested.minimumChange,
    ...judged,
  };
}
