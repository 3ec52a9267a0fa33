/** From figures to verdicts: what is called, what is "no change", and what is neither. */
import type { TestedMetric } from './metric.ts';
import type { CompareOptions, CompletionComparison, Verdict } from './types.ts';

export interface Judged {
  readonly verdict: Verdict;
  readonly reason: string;
}

interface Evidence extends Pick<
  CompareOptions,
  'alpha' | 'resolution' | 'minimumChange' | 'correction'
> {
  /** How many tests the correction counts. */
  readonly tests: number;
  /** Absent where n is too small for any outcome to be called. */
  readonly adjustedP: number | undefined;
  readonly minimumDetectable: number | undefined;
  /** The same without a least change that counts: what the noise alone hides. */
  readonly noise: number | undefined;
}

/** A relative change for reading: `7.2 %`. */
export const changeText = (change: number): string => `${Number((change * 100).toPrecision(2))} %`;

/** Where an interval lies: above "no change", below it, or over it. */
function sideOf({ effect }: TestedMetric): 'above' | 'below' | 'over' {
  if (effect?.beyond !== undefined) return effect.beyond;
  const none = effect?.kind === 'ratio' ? 1 : 0;
  const { low, high } = effect?.interval ?? {};
  if (low !== undefined && low > none) return 'above';
  return high !== undefined && high < none ? 'below' : 'over';
}

/** Whether the change is larger than the least that counts; one of unknown size is. */
function isLarge({ effect, base, minimumChange }: TestedMetric): boolean {
  if (effect?.estimate === undefined) return true;
  if (effect.kind === 'ratio') {
    return Math.abs(Math.log(effect.estimate)) > Math.log1p(minimumChange);
  }
  const middle = base.median?.censored === false ? Math.abs(base.median.value) : 0;
  return Math.abs(effect.estimate) > minimumChange * middle;
}

/** Whether nothing varies, on neither side: such figures have no noise to speak of. */
function isConstant({ base, candidate }: TestedMetric): boolean {
  const values = [base.min, base.max, candidate.min, candidate.max];
  return values.every((figure) => figure?.censored === false && figure.value === base.min?.value);
}

/**
 * Whether a change that matters would have been seen. Who says that changes up to some size do not count is not told
 * that they might have been missed; a noise floor above that size is not what anybody says.
 */
function couldBeSeen(
  { minimumChange }: TestedMetric,
  { resolution, minimumChange: declared, minimumDetectable = Infinity, noise = Infinity }: Evidence,
): boolean {
  return minimumDetectable <= resolution || (minimumChange <= declared && noise <= declared);
}

/** The verdict on one metric. */
export function judgeMetric(tested: TestedMetric, evidence: Evidence): Judged {
  const { metric, base, candidate, test, minimumChange } = tested;
  const inconclusive = (reason: string): Judged => ({ verdict: 'inconclusive', reason });
  if (test === undefined) {
    if (base.n > 0 && candidate.n > 0) return inconclusive('no block has figures of both sides');
    return inconclusive(
      `no figures ${base.n === 0 ? 'of the base' : 'of the candidate'} to compare with`,
    );
  }
  if (evidence.adjustedP === undefined) {
    return inconclusive(`n too small: ${base.n} and ${candidate.n} figures can show nothing`);
  }
  const side = sideOf(tested);
  const called = evidence.adjustedP <= evidence.alpha && side !== 'over';
  if (called && isLarge(tested)) {
    if (metric.better === 'neither') return { verdict: 'differs', reason: '' };
    const worse = (side === 'above') === (metric.better === 'lower');
    return { verdict: worse ? 'regressed' : 'improved', reason: '' };
  }
  if (called) {
    const reason = `a change, but below the ${changeText(minimumChange)} that count`;
    // A noise floor above the resolution hides changes that matter.
    return minimumChange > Math.max(evidence.resolution, evidence.minimumChange)
      ? inconclusive(`${reason} on this host`)
      : { verdict: 'no-change', reason };
  }
  // Holm's first step is out of reach; Benjamini and Hochberg's need not be.
  if (evidence.correction === 'holm' && test.smallestP * evidence.tests > evidence.alpha) {
    return inconclusive(
      `n too small: ${base.n} and ${candidate.n} figures can show nothing among ${evidence.tests} tests`,
    );
  }
  if (isConstant(tested)) return { verdict: 'no-change', reason: 'all figures are the same' };
  if (side !== 'over' && isLarge(tested)) {
    return inconclusive(
      `a hint only: not significant among ${evidence.tests} ${evidence.tests === 1 ? 'test' : 'tests'}`,
    );
  }
  const { minimumDetectable } = evidence;
  if (minimumDetectable === undefined) {
    return inconclusive('how large a change would have been seen is not known');
  }
  const seen = `changes from ${changeText(minimumDetectable)} would have been seen`;
  return couldBeSeen(tested, evidence)
    ? { verdict: 'no-change', reason: seen }
    : inconclusive(`too much noise: only ${seen}`);
}

/** The verdict on how many completed. */
export function judgeCompletion(
  { base, candidate }: Pick<CompletionComparison, 'base' | 'candidate'>,
  adjustedP: number | undefined,
  alpha: number,
): Pick<CompletionComparison, 'verdict' | 'reason'> {
  if (base === undefined || candidate === undefined) {
    return {
      verdict: 'inconclusive',
      reason: `no trial of the ${base === undefined ? 'base' : 'candidate'} counts`,
    };
  }
  const before = base.k / base.n;
  const after = candidate.k / candidate.n;
  if (before === after) {
    return { verdict: 'no-change', reason: after === 0 ? 'nothing completed on either side' : '' };
  }
  if (adjustedP !== undefined && adjustedP <= alpha) {
    return { verdict: after < before ? 'regressed' : 'improved', reason: '' };
  }
  return {
    verdict: 'inconclusive',
    reason: `${after < before ? 'fewer' : 'more'} completed, but that may be chance`,
  };
}

const gravity = ['regressed', 'improved', 'no-change', 'inconclusive'] as const;

/** The verdict on several things: the first of these that one of them has. */
export function gravest(verdicts: readonly Verdict[]): (typeof gravity)[number] {
  // A difference that is neither better nor worse is no finding about quality.
  const known = verdicts.map((verdict) => (verdict === 'differs' ? 'no-change' : verdict));
  return gravity.find((verdict) => known.includes(verdict)) ?? 'inconclusive';
}
