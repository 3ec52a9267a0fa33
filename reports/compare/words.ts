/** The figures of a comparison in words: changes, intervals, p-values, verdicts. */
import type { Figure } from '../../harness/analysis/censored.ts';
import type {
  Comparison,
  CompletionComparison,
  Effect,
  MetricComparison,
  SampleSummary,
  Verdict,
} from '../../harness/compare/types.ts';
import type { Proportion } from '../../harness/analysis/wilson-interval.ts';
import type { Metric } from '../../harness/analysis/metrics.ts';
import { N_TOO_SMALL } from '../../harness/analysis/median-interval.ts';
import { UNKNOWN, formatFigure, formatProportionInterval, formatValue } from '../format.ts';

export const verdictWords: Readonly<Record<Verdict, string>> = {
  regressed: 'regressed',
  improved: 'improved',
  differs: 'differs',
  'no-change': 'no change',
  inconclusive: 'inconclusive',
};

/** How the page and the terminal paint a verdict. */
export const verdictLevels: Readonly<Record<Verdict, 'bad' | 'warning' | 'note' | 'good'>> = {
  regressed: 'bad',
  improved: 'good',
  differs: 'warning',
  'no-change': 'note',
  inconclusive: 'warning',
};

/** Above this a ratio is written as a factor: `×3.2` is easier to read than `+220 %`. */
const FACTOR = 2;

function signed(value: number, text: string): string {
  return value > 0 ? `+${text}` : text;
}

function ratioText(ratio: number): string {
  if (ratio >= FACTOR || ratio <= 1 / FACTOR) return `×${Number(ratio.toPrecision(3))}`;
  const percent = (ratio - 1) * 100;
  const digits = Math.abs(percent) < 0.1 ? 2 : Math.abs(percent) < 10 ? 1 : 0;
  const text = percent.toFixed(digits);
  return Number(text) === 0 ? '0 %' : `${signed(percent, text)} %`;
}

/** A change as a reader wants it: `+12 %`, `×3.2`, `-0.4 s`. */
export function changeText(kind: Effect['kind'], value: number, metric: Metric): string {
  if (kind === 'ratio') return ratioText(value);
  const text = formatValue(Math.abs(value), metric);
  return value < 0 ? `-${text}` : signed(value, text);
}

/** The estimate; `–` where there is none. */
export function effectText({
  effect,
  metric,
}: Pick<MetricComparison, 'effect' | 'metric'>): string {
  return effect?.estimate === undefined
    ? UNKNOWN
    : changeText(effect.kind, effect.estimate, metric);
}

/** The interval of the effect: `+9.1 % … +15 %`, or that n is too small for one. */
export function effectIntervalText({
  effect,
  metric,
}: Pick<MetricComparison, 'effect' | 'metric'>): string {
  if (effect === undefined) return UNKNOWN;
  const { interval, kind, beyond } = effect;
  if (beyond !== undefined) return `${beyond === 'above' ? 'higher' : 'lower'}, size unknown`;
  if (interval === undefined) return N_TOO_SMALL;
  const { low, high } = interval;
  if (low === undefined && high === undefined) return 'unbounded';
  if (low === undefined) return `up to ${changeText(kind, high ?? 0, metric)}`;
  if (high === undefined) return `${changeText(kind, low, metric)} or more`;
  return `${changeText(kind, low, metric)} … ${changeText(kind, high, metric)}`;
}

/** A p-value to two digits. */
export function pText(p: number | undefined): string {
  if (p === undefined) return UNKNOWN;
  return p < 0.0001 ? '<0.0001' : String(Number(p.toPrecision(2)));
}

/** The p that was judged: the corrected one. */
export function adjustedText({ test }: Pick<MetricComparison, 'test'>): string {
  return test === undefined ? UNKNOWN : pText(test.adjustedP);
}

/** The least change that would have been seen: `7.2 %`. */
export function detectableText({ minimumDetectable }: MetricComparison): string {
  return minimumDetectable === undefined
    ? UNKNOWN
    : `${Number((minimumDetectable * 100).toPrecision(2))} %`;
}

const figureText = (figure: Figure | undefined, metric: Metric): string =>
  figure === undefined ? UNKNOWN : formatFigure(figure, metric);

/** A side's median. */
export function medianText(summary: SampleSummary, metric: Metric): string {
  return figureText(summary.median, metric);
}

/** A side's n and spread: the interval of its median, or its range where n is too small for one. */
export function spreadText(summary: SampleSummary, metric: Metric): string {
  const n = `n ${summary.n}${summary.censored === 0 ? '' : ` (${summary.censored} censored)`}`;
  if (summary.n < 2) return n;
  const ends =
    summary.ciLow === undefined
      ? `${figureText(summary.min, metric)} … ${figureText(summary.max, metric)}`
      : `${figureText(summary.ciLow, metric)} – ${figureText(summary.ciHigh, metric)}`;
  return `${n}: ${ends}`;
}

/** `6/6`. */
export function proportionText(proportion: Proportion | undefined): string {
  return proportion === undefined ? UNKNOWN : `${proportion.k}/${proportion.n}`;
}

/** Wilson's interval. */
export function proportionSpread(proportion: Proportion | undefined): string {
  return proportion === undefined ? '' : formatProportionInterval(proportion);
}

/** `regressed`, or `no change: changes from 7.2 % would have been seen`. */
export function judgedText({
  verdict,
  reason,
}: Pick<MetricComparison | CompletionComparison, 'verdict' | 'reason'>): string {
  return reason === '' ? verdictWords[verdict] : `${verdictWords[verdict]}: ${reason}`;
}

/** `debian:bookworm → debian:trixie`: what is compared. */
export function titleOf({ by, base, candidates }: Comparison): string {
  const groups = by !== undefined && candidates.every((side) => side.directory === base.directory);
  const named = (side: Comparison['base']) => (groups ? side.name : side.directory);
  const sides = `${named(base)} → ${candidates.map(named).join(', ')}`;
  return groups ? `${by} ${sides}` : sides;
}

/** What was called, in a sentence each. */
export function findingsOf({ cells }: Comparison): readonly {
  readonly text: string;
  readonly verdict: Verdict;
}[] {
  return cells.flatMap(({ label, base, candidate, completion, metrics }) => {
    const damage =
      candidate.damaged > base.damaged
        ? [
            {
              text: `${label}: ${candidate.damaged} guests were damaged, against ${base.damaged} before.`,
              verdict: 'regressed' as const,
            },
          ]
        : [];
    const completed =
      completion.verdict === 'no-change'
        ? []
        : [
            {
              text: `${label}: completed ${proportionText(completion.base)} → ${proportionText(completion.candidate)}${completion.reason === '' ? '' : ` (${completion.reason})`}.`,
              verdict: completion.verdict,
            },
          ];
    const called = metrics
      .filter(({ verdict }) => verdict !== 'no-change' && verdict !== 'inconclusive')
      .map((each) => ({
        text: `${label}: ${each.metric.title.toLowerCase()} ${effectText(each)} (${effectIntervalText(each)}; median ${medianText(each.base, each.metric)} → ${medianText(each.candidate, each.metric)}): ${verdictWords[each.verdict]}.`,
        verdict: each.verdict,
      }));
    return [...damage, ...completed, ...called];
  });
}

/** How it was judged, for the foot of every format. */
export function methodText({ options, tests }: Comparison): string {
  const correction = options.correction === 'holm' ? 'Holm' : 'Benjamini-Hochberg';
  return (
    `Change: Hodges-Lehmann ratio of candidate to base, with its ${Number((options.confidence * 100).toPrecision(4))} % interval. ` +
    `p: rank test, after ${correction} correction for ${tests} ${tests === 1 ? 'test' : 'tests'}. ` +
    `Called where p ≤ ${options.alpha}, the interval excludes no change, and the change is above ${Number((options.minimumChange * 100).toPrecision(3))} %${options.noiseFloorOf === undefined ? '' : `, or the noise floor of ${options.noiseFloorOf} where that is higher`}. ` +
    `"No change" is said only where ${Number((options.resolution * 100).toPrecision(3))} % would have been seen.`
  );
}
