/** Charts of a comparison: for each metric the change of every cell, with its interval. */
import type { TopLevelSpec } from 'vega-lite';
import type { Metric } from '../../harness/analysis/metrics.ts';
import type { Comparison, Verdict } from '../../harness/compare/types.ts';
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

interface Row {
  readonly cell: string;
  readonly change: number;
  readonly low?: number;
  readonly high?: number;
  readonly verdict: string;
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
          ...(low === undefined || high === undefined
            ? {}
            : { low: percent(low), high: percent(high) }),
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
  const intervals = rows.filter(({ low }) => low !== undefined);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width,
    height: { step: ROW_HEIGHT },
    datasets: {
      rows: rows.map((row) => ({ ...row })),
      intervals: intervals.map((row) => ({ ...row })),
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
      ...(intervals.length === 0
        ? []
        : [
            {
              data: { name: 'intervals' },
              mark: { type: 'rule' as const, strokeWidth: 2 },
              encoding: {
                y,
                x: { field: 'low', type: 'quantitative' as const },
                x2: { field: 'high' },
                color: verdict,
              },
            },
          ]),
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
