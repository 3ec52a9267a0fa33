/**
 * Figures for services that follow benchmarks over time, as JSON. Series are named by cell id and metric: no host and
 * no date is in a name, so that a series goes on from run to run for as long as the same thing is measured.
 *
 * - `customSmallerIsBetter` of benchmark-action/github-action-benchmark: a list of `{ name, unit, value, range, extra }`.
 * - Bencher Metric Format: benchmark → measure → `{ value, lower_value, upper_value }`
 *   (https://bencher.dev/docs/reference/bencher-metric-format/).
 */
import type { CellSummary, MetricSummary } from '../../harness/analysis/cells.ts';
import type { Figure } from '../../harness/analysis/censored.ts';
import { plainName } from '../escape.ts';
import type { ReportModel } from '../model.ts';

/** Longest name of a benchmark that Bencher takes, in characters. */
const LONGEST_NAME = 1024;

interface Smaller {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly range?: string;
  readonly extra: string;
}

interface BencherMetric {
  readonly value: number;
  readonly lower_value?: number;
  readonly upper_value?: number;
}

/** A number, where it is known; a lower bound would look like an improvement. */
function known(figure: Figure | undefined): number | undefined {
  return figure === undefined || figure.censored ? undefined : rounded(figure.value);
}

/** Twelve digits: what is beyond them is the arithmetic's, not the measurement's. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** The share of trials that did not complete, with Wilson's interval, in percent. */
function notCompleted({ completed }: CellSummary): Required<BencherMetric> | undefined {
  if (completed === undefined) return undefined;
  const percent = (share: number) => rounded(100 * (1 - share));
  return {
    value: percent(completed.k / completed.n),
    lower_value: percent(completed.high),
    upper_value: percent(completed.low),
  };
}

/**
 * One entry per cell and metric that is better when smaller; a median that is known only as "more than" is left out,
 * and shows as `not_completed_percent`.
 */
export function smallerIsBetterJson(model: ReportModel): string {
  const entries = model.cells.flatMap((cell): Smaller[] => {
    const name = (metric: string) => `${plainName(cell.cellId)} ${metric}`;
    const completion =
      cell.completed === undefined
        ? ''
        : `; ${cell.completed.k} of ${cell.completed.n} trials completed`;
    const share = notCompleted(cell);
    const first: readonly Smaller[] =
      share === undefined
        ? []
        : [
            {
              name: name('not_completed_percent'),
              unit: '%',
              value: share.value,
              range: `${share.lower_value} – ${share.upper_value}`,
              extra: `95 % Wilson interval${completion}`,
            },
          ];
    const figures = cell.metrics
      .filter(({ metric }) => metric.better === 'lower')
      .flatMap((summary): Smaller[] => {
        const value = known(summary.median);
        const [low, high] = [known(summary.ciLow), known(summary.ciHigh)];
        if (value === undefined) return [];
        const interval = low === undefined || high === undefined ? undefined : `${low} – ${high}`;
        const what = interval === undefined ? 'median' : 'median with its 95 % interval';
        return [
          {
            ...{ name: name(summary.metric.column), unit: summary.metric.unit, value },
            ...(interval === undefined ? {} : { range: interval }),
            extra: `${what}; n = ${summary.values}${completion}`,
          },
        ];
      });
    return [...first, ...figures];
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** All figures of all cells: the median, and the ends of its 95 % interval where n supports one. */
export function bencherJson(model: ReportModel): string {
  const benchmarks = model.cells.flatMap((cell) => {
    const share = notCompleted(cell);
    const measures: readonly (readonly [string, BencherMetric])[] = [
      ...(share === undefined ? [] : [['not-completed-percent', share] as const]),
      ...cell.metrics.flatMap((summary) => {
        const metric = bencherMetric(summary);
        return metric === undefined ? [] : [[measureSlug(summary), metric] as const];
      }),
    ];
    return measures.length === 0
      ? []
      : [[benchmarkName(cell.cellId), Object.fromEntries(measures)] as const];
  });
  return `${JSON.stringify(Object.fromEntries(benchmarks), null, 2)}\n`;
}

function bencherMetric(summary: MetricSummary): BencherMetric | undefined {
  const value = known(summary.median);
  if (value === undefined) return undefined;
  const [low, high] = [known(summary.ciLow), known(summary.ciHigh)];
  return {
    value,
    ...(low === undefined ? {} : { lower_value: low }),
    ...(high === undefined ? {} : { upper_value: high }),
  };
}

/** Bencher knows measures by slugs: `total-time-ms`. */
function measureSlug({ metric }: MetricSummary): string {
  return metric.column.replaceAll('_', '-');
}

/** Of a name that is too long, the beginning and the hash at its end. */
function benchmarkName(cellId: string): string {
  const characters = Array.from(plainName(cellId));
  if (characters.length <= LONGEST_NAME) return characters.join('');
  const tail = characters.slice(-9);
  return [...characters.slice(0, LONGEST_NAME - tail.length), ...tail].join('');
}
