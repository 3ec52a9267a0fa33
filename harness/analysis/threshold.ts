/**
 * A threshold of a gate, as a person writes it: `pause_ms.median < 300ms`, `outcome == completed`,
 * `total_time_ms <= +5%`. A value with a sign is a change against a baseline; without one it is the figure itself.
 */
import { closest, distance } from 'fastest-levenshtein';
import type { Outcome } from '../record/schema.ts';
import { parseQuantity, type Dimension } from '../units.ts';
import { metrics, type Metric, type MetricUnit } from './metrics.ts';

/** What is taken of a cell's trials. Percentiles need more trials than runs have: `max` says more. */
export const statistics = ['median', 'min', 'max'] as const;
export type Statistic = (typeof statistics)[number];

export type Operator = '<' | '<=' | '>' | '>=' | '==' | '!=';

const outcomeKinds = ['completed', 'not-converged', 'failed', 'skipped', 'invalid'] as const;

/** As written, without space around it; the other members say what it means. */
interface Written {
  readonly text: string;
}

/** All trials of a cell end so, or none does. */
export interface OutcomeThreshold extends Written {
  readonly kind: 'outcome';
  readonly operator: '==' | '!=';
  readonly outcome: Outcome['kind'];
}

/** A figure of a cell against a number. */
export interface AbsoluteThreshold extends Written {
  readonly kind: 'absolute';
  readonly metric: Metric;
  readonly statistic: Statistic;
  readonly operator: Operator;
  /** In the metric's unit. */
  readonly value: number;
}

/** How a cell's median may differ from that of a baseline. */
export interface RelativeThreshold extends Written {
  readonly kind: 'relative';
  readonly metric: Metric;
  readonly statistic: 'median';
  readonly operator: '<' | '<=' | '>' | '>=';
  /** `ratio`: candidate ÷ base (1.05 for `+5%`). `difference`: candidate − base, in the metric's unit. */
  readonly change: { readonly kind: 'ratio' | 'difference'; readonly value: number };
}

export type Threshold = OutcomeThreshold | AbsoluteThreshold | RelativeThreshold;

/** A sentence on what was expected and found, and what to write instead where that is plain. */
interface Refusal {
  readonly ok: false;
  readonly reason: string;
  readonly suggestion?: string;
}

export type ParsedThreshold = { readonly ok: true; readonly threshold: Threshold } | Refusal;

const SHAPE = /^([A-Za-z][\w-]*)(?:\.([\w-]*))?\s*(<=|>=|==|!=|=<|=>|<|>|=)\s*(\S.*)$/;
const NUMBER = /^\d+(?:\.\d+)?(?:e\d+)?$/i;

/** How a metric's unit is written with a quantity, and how many of the metric's units one base unit is. */
const dimensions: Readonly<Partial<Record<MetricUnit, readonly [Dimension, number]>>> = {
  ms: ['duration', 1],
  us: ['duration', 1000],
  s: ['duration', 1 / 1000],
  bytes: ['bytes', 1],
  'bit/s': ['bits-per-second', 1],
  'pages/s': ['per-second', 1],
  '1/s': ['per-second', 1],
  '%': ['percent', 1],
};

const refused = (reason: string, suggestion?: string): Refusal =>
  suggestion === undefined ? { ok: false, reason } : { ok: false, reason, suggestion };

/** The name that was probably meant: any that is not too far from what was written. */
function nearest(written: string, names: readonly string[]): string | undefined {
  const plain = written.toLowerCase().replaceAll('-', '_');
  const bare = (name: string) => name.replace(/_(?:ms|us|bytes|percent|per_second)$/, '');
  const whole = names.find((name) => bare(name) === plain);
  if (whole !== undefined) return whole;
  const name = closest(plain, [...names]);
  return distance(plain, name) <= Math.max(2, Math.floor(plain.length / 3)) ? name : undefined;
}

/** The same thresholds, each once, however it is spaced. */
export function distinctThresholds(texts: readonly string[]): readonly string[] {
  const bySense = new Map<string, string>();
  for (const text of texts) {
    const sense = text.replaceAll(/\s+/gu, '');
    if (!bySense.has(sense)) bySense.set(sense, text.trim());
  }
  return [...bySense.values()];
}

/** Reads a threshold; never throws. */
export function parseThreshold(written: string): ParsedThreshold {
  const text = written.trim();
  const match = SHAPE.exec(text);
  if (match === null) {
    return refused(
      `"${text}" is no threshold: expected METRIC OPERATOR VALUE, such as "pause_ms.median < 300ms", ` +
        '"total_time_ms <= +5%" or "outcome == completed"',
    );
  }
  const [, subject = '', statistic, operator = '', value = ''] = match;
  const operators: Readonly<Record<string, string>> = { '=': '==', '=<': '<=', '=>': '>=' };
  const meant = operators[operator];
  if (meant !== undefined) {
    return refused(`"${operator}" is no operator`, text.replace(operator, meant));
  }
  if (subject === 'outcome') return outcomeThreshold(text, statistic, operator, value);
  const metric = metrics.find(({ column }) => column === subject);
  if (metric === undefined) {
    const names = ['outcome', ...metrics.map(({ column }) => column)];
    return refused(
      `there is no metric "${subject}"; the metrics are those of cells.csv, and outcome`,
      nearest(subject, names),
    );
  }
  return metricThreshold(text, metric, statistic, operator as Operator, value);
}

function outcomeThreshold(
  text: string,
  statistic: string | undefined,
  operator: string,
  value: string,
): ParsedThreshold {
  if (statistic !== undefined)
    return refused('outcome has no statistics: leave out what follows the dot');
  if (operator !== '==' && operator !== '!=') {
    return refused(`outcome is compared with == or !=, found "${operator}"`);
  }
  const outcome = outcomeKinds.find((kind) => kind === value);
  if (outcome !== undefined)
    return { ok: true, threshold: { kind: 'outcome', text, operator, outcome } };
  return refused(
    `"${value}" is no outcome: expected ${outcomeKinds.join(', ')}`,
    nearest(value, outcomeKinds),
  );
}

function metricThreshold(
  text: string,
  metric: Metric,
  written: string | undefined,
  operator: Operator,
  value: string,
): ParsedThreshold {
  const statistic = statistics.find((name) => name === (written ?? 'median'));
  if (statistic === undefined) {
    const isPercentile = /^p\d+$/.test(written ?? '');
    const reason =
      `"${written ?? ''}" is no statistic: expected ${statistics.join(', ')}` +
      (isPercentile ? '; a run has too few trials for a percentile over them' : '');
    return refused(reason, isPercentile ? 'max' : nearest(written ?? '', statistics));
  }
  const sign = /^[+-]/.exec(value)?.[0];
  if (sign === undefined) {
    const parsed = parseFigure(value, metric);
    return parsed.ok
      ? {
          ok: true,
          threshold: { kind: 'absolute', text, metric, statistic, operator, value: parsed.value },
        }
      : parsed;
  }
  if (operator === '==' || operator === '!=') {
    return refused(
      `a change such as ${value} is compared with <, <=, > or >=, found "${operator}"`,
    );
  }
  if (statistic !== 'median') {
    return refused(
      `a change is one of the median, found "${statistic}"`,
      `${metric.column} ${operator} ${value}`,
    );
  }
  const size = value.slice(1).trim();
  const factor = sign === '-' ? -1 : 1;
  const percent = parseQuantity(size, 'percent');
  const difference = percent.ok ? percent : parseFigure(size, metric);
  if (!difference.ok) return difference;
  const change = percent.ok
    ? ({ kind: 'ratio', value: 1 + (factor * percent.value) / 100 } as const)
    : ({ kind: 'difference', value: factor * difference.value } as const);
  return { ok: true, threshold: { kind: 'relative', text, metric, statistic, operator, change } };
}

type ParsedFigure = { readonly ok: true; readonly value: number } | Refusal;

/** A bare number is in the metric's own unit, which its name says; a quantity brings its unit. */
function parseFigure(text: string, metric: Metric): ParsedFigure {
  if (NUMBER.test(text)) return { ok: true, value: Number(text) };
  const [dimension, factor] = dimensions[metric.unit] ?? [];
  if (dimension === undefined || factor === undefined) {
    return refused(`${metric.column} is compared with a bare number, found "${text}"`);
  }
  const parsed = parseQuantity(text, dimension);
  if (parsed.ok) return { ok: true, value: parsed.value * factor };
  return refused(`${metric.column}: ${parsed.reason}`, parsed.suggestion);
}

/** Whether a figure keeps to a limit. */
export function holds(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
    case '!=':
      return value !== limit;
  }
}
