/** Charts of a comparison: for each metric the change of every cell, with its interval. */
import type { TopLevelSpec } from 'vega-lite';
import type { Metric } from '../../harness/analysis/metrics.ts';
import type { Comparison, Effect, Verdict } from '../../harness/compare/types.ts';
import { verdictWords } from './words.ts';

export interface ComparisonChart {
  /** Kebab-case. */
  readonly name: string;
  readonly title: string;
  readonly spec: TopLevelSpec;
}

const ROW_HEIGHT = 26;

/** In the order of the legend, with the places of their colours in the palette of charts. */
const order: readonly Verdict[] = ['no-change', 'regressed', 'improved', 'inconclusive', 'differs'];

/**
 * The bar of an interval, by the ends that it has; one that is open is drawn to the edge. With an interval of which
 * nothing is known but its side there is none.
 */
type Bar = 'intervals' | 'atLeast' | 'atMost' | 'unbounded' | 'none';

interface Row {
  readonly cell: string;
  readonly change: number;
  readonly bar: Bar;
  readonly low?: number;
  readonly high?: number;
  readonly verdict: string;
}

function barOf({ interval, beyond }: Effect): Bar {
  if (interval === undefined || beyond !== undefined) return 'none';
  if (interval.low === undefined) return interval.high === undefined ? 'unbounded' : 'atMost';
  return interval.high === undefined ? 'atLeast' : 'intervals';
}

/** One chart per metric that has ratios; cells whose change is a difference, or unknown, are in the table only. */
export function comparisonCharts(
  { cells, options }: Comparison,
  width: number,
): readonly ComparisonChart[] {
  const metrics = new Map<string, Metric>();
  for (const { metric } of cells.flatMap((cell) => cell.metrics)) metrics.set(metric.key, metric);
  return [...metrics.values()].flatMap((metric): readonly ComparisonChart[] => {
    const rows = cells.flatMap(({ label, metrics: compared }): readonly Row[] => {
      const found = compared.find((each) => each.metric.key === metric.key);
      const { effect } = found ?? {};
      if (found === undefined || effect?.kind !== 'ratio' || effect.estimate === undefined) {
        return [];
      }
      const percent = (ratio: number) => (ratio - 1) * 100;
      const { low, high } = effect.interval ?? {};
      return [
        {
          cell: label,
          change: percent(effect.estimate),
          bar: barOf(effect),
          ...(low === undefined ? {} : { low: percent(low) }),
          ...(high === undefined ? {} : { high: percent(high) }),
          verdict: verdictWords[found.verdict],
        },
      ];
    });
    return rows.length === 0
      ? []
      : [
          {
            name: metric.column.replaceAll('_', '-'),
            title: metric.title,
            spec: specOf(rows, options.minimumChange * 100, width),
          },
        ];
  });
}

function specOf(rows: readonly Row[], least: number, width: number): TopLevelSpec {
  const y = {
    field: 'cell',
    type: 'nominal' as const,
    sort: null,
    title: null,
    axis: { labelLimit: 430, labelPadding: 8, grid: true, ticks: false },
  };
  // Each verdict has its colour and shape in all charts; the legend names those that are here.
  const words = order.map((each) => verdictWords[each]);
  const verdict = {
    field: 'verdict',
    type: 'nominal' as const,
    scale: { domain: words },
    title: null,
    legend: { values: words.filter((word) => rows.some((row) => row.verdict === word)) },
  };
  const low = { field: 'low', type: 'quantitative' } as const;
  const high = { field: 'high', type: 'quantitative' } as const;
  const left = { value: 0 };
  const right = { value: 'width' } as const;
  const bars = (
    [
      ['intervals', { x: low, x2: { field: 'high' } }],
      ['atLeast', { x: low, x2: right }],
      ['atMost', { x: high, x2: left }],
      ['unbounded', { x: left, x2: right }],
    ] as const
  )
    .map(([name, ends]) => ({ name, ends, rows: rows.filter(({ bar }) => bar === name) }))
    .filter((bar) => bar.rows.length > 0);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width,
    height: { step: ROW_HEIGHT },
    datasets: {
      rows: rows.map((row) => ({ ...row })),
      ...Object.fromEntries(bars.map((bar) => [bar.name, bar.rows.map((row) => ({ ...row }))])),
      none: [{ from: -least, to: least }],
      zero: [{ at: 0 }],
    },
    data: { name: 'rows' },
    encoding: {},
    layer: [
      {
        data: { name: 'none' },
        mark: { type: 'rect', opacity: 0.12 },
        encoding: {
          x: { field: 'from', type: 'quantitative' },
          x2: { field: 'to' },
        },
      },
      {
        data: { name: 'zero' },
        mark: { type: 'rule', strokeDash: [3, 3] },
        encoding: { x: { field: 'at', type: 'quantitative' } },
      },
      ...bars.map(({ name, ends }) => ({
        data: { name },
        mark: { type: 'rule' as const, strokeWidth: 2 },
        encoding: { y, ...ends, color: verdict },
      })),
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: {
          y,
          x: {
            field: 'change',
            type: 'quantitative',
            title: 'change, % of the base',
            scale: { zero: true },
          },
          color: verdict,
          shape: verdict,
        },
      },
    ],
  };
}
