/** Chart: total time against how long the guest stood still, with the settings that no other one beats in both. */
import type { TopLevelSpec } from 'vega-lite';
import { metricSummary, type MetricSummary } from '../../harness/analysis/cells.ts';
import type { Metric } from '../../harness/analysis/metrics.ts';
import { blackoutBound, formatCellMedian, formatMedian } from '../format.ts';
import { groupsOf } from '../groups.ts';
import { namedPlaces, paretoFront } from '../html/client/pareto.js';
import { dimensionsOf, type ReportCell } from '../cell.ts';
import { groupName, keyLabelExpression, keyed, pictureText } from './rows.ts';
import type { ChartWidth, ReportChart } from './types.ts';

/** More panels than this make no picture: the file has the first ones; in the page a filter brings the others. */
const MOST_PANELS = 24;
const PANEL = { width: 250, height: 170 };
/** Settings that have a colour and a shape each; of more, the unbeaten ones have their names beside them. */
const MOST_COLOURS = 7;
const SHAPES = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'cross',
  'triangle-down',
  'triangle-right',
];

interface Place {
  readonly cell: number;
  readonly group: string;
  readonly name: string;
  readonly cellLabel: string;
  readonly total: number;
  /** Where it is drawn, ms: the median, or the noise floor that it does not exceed. */
  readonly still: number;
  /** What its table has: the figures in words, and the medians as they are, ms. */
  readonly row: {
    readonly total: string;
    readonly still: string;
    readonly totalMs: number;
    readonly median: number;
  };
}

/** The outermost figure that the run has: what users feel, or what the events of both QEMUs show. */
function stillMetric(cells: readonly ReportCell[]): Metric['key'] {
  return cells.some((cell) => metricSummary(cell, 'blackoutMs') !== undefined)
    ? 'blackoutMs'
    : 'pauseMs';
}

function exactValue(summary: MetricSummary | undefined): number | undefined {
  return summary === undefined || summary.median.censored ? undefined : summary.median.value;
}

/** `undefined` where no group has two settings to choose between. */
export function tradeOffChart(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  const dimensions = dimensionsOf(cells);
  const key = stillMetric(cells);
  const what = key === 'blackoutMs' ? 'blackout' : 'pause';
  const places = cells.flatMap((cell, index): Place[] => {
    const total = exactValue(metricSummary(cell, 'totalTimeMs'));
    // Within the floor nothing is known but that: such settings are told apart by their time.
    const bound = key === 'blackoutMs' ? blackoutBound(cell) : undefined;
    const median = exactValue(metricSummary(cell, key));
    if (total === undefined || median === undefined) return [];
    return [
      {
        cell: index,
        group: keyed(groupName(cell, dimensions, 'setting')),
        name: pictureText(cell.labels.setting),
        cellLabel: cell.label,
        total: Number((total / 1000).toPrecision(5)),
        still: Number((bound?.median.value ?? median).toPrecision(5)),
        row: {
          total: formatMedian(metricSummary(cell, 'totalTimeMs')),
          still: formatCellMedian(cell, key),
          totalMs: total,
          median,
        },
      },
    ];
  });
  const sizes = groupsOf(places, ({ group }) => group);
  if (![...sizes.values()].some((members) => members.length > 1)) return undefined;
  const unbeaten = paretoFront(places);
  const front = new Set(unbeaten.map(({ cell }) => cell));
  const named = new Set(namedPlaces(places, unbeaten).map(({ cell }) => cell));
  return {
    name: 'trade-off',
    title: `Trade-off: total time against ${what}`,
    lead: `Each point is a setting: to the left it is over sooner, further down the guest stands still for less time (${what}). The line joins the settings that no other one beats in both; what is above it costs more for nothing. Medians of trials: points that nearly touch hardly differ.${places.some(({ still, row }) => still > row.median) ? ' A blackout within the noise floor stands at the floor, which it does not exceed.' : ''}`,
    spec: spec(places, front, named, what, width),
    table: {
      heads: [
        { title: 'Cell', figure: false },
        { title: 'Total time', figure: true },
        { title: what === 'blackout' ? 'Blackout' : 'Pause', figure: true },
        { title: 'Unbeaten', figure: false },
      ],
      columns: ['cell_id', 'total_time_ms_median', `${what}_ms_median`, 'unbeaten'],
      rows: places.map((place) => ({
        cell: place.cell,
        texts: [
          place.cellLabel,
          ...[place.row.total, place.row.still],
          front.has(place.cell) ? 'yes' : 'no',
        ],
        values: [
          cells[place.cell]?.cellId,
          place.row.totalMs,
          place.row.median,
          front.has(place.cell) ? 1 : 0,
        ],
      })),
    },
  };
}

function spec(
  places: readonly Place[],
  front: ReadonlySet<number>,
  named: ReadonlySet<number>,
  what: string,
  width: ChartWidth,
): TopLevelSpec {
  const x = {
    field: 'total',
    type: 'quantitative',
    title: 'total time (s)',
    // From 0: a gain of some percent is not to look like one of half.
    scale: { zero: true, nice: true },
    axis: { tickCount: 5 },
  } as const;
  const y = {
    field: 'still',
    type: 'quantitative',
    title: `${what} (ms)`,
    scale: { zero: true, nice: true },
    // The same room in all panels, so that they stand below each other.
    axis: { tickCount: 5, minExtent: 44 },
  } as const;
  const names = [...new Set(places.map(({ name }) => name))];
  const coloured = names.length <= MOST_COLOURS;
  const setting = {
    field: 'name',
    type: 'nominal',
    title: null,
    sort: null,
  } as const;
  const groups = [...new Set(places.map(({ group }) => group))];
  const drawn = width === 'container' ? groups : groups.slice(0, MOST_PANELS);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: `Medians of total time and ${what}, one panel per workload and link, with the settings that no other one beats in both.`,
    datasets: {
      places: places
        .filter(({ group }) => drawn.includes(group))
        .map(({ row, ...place }) => ({
          ...place,
          totalText: row.total,
          stillText: row.still,
          unbeaten: front.has(place.cell),
          named: named.has(place.cell),
        })),
    },
    data: { name: 'places' },
    columns: width === 'container' ? 3 : Math.max(1, Math.floor(width / (PANEL.width + 70))),
    facet: {
      field: 'group',
      type: 'nominal',
      title: null,
      sort: groups,
      header: { labelLimit: PANEL.width + 60, labelExpr: keyLabelExpression },
    },
    spacing: 24,
    resolve: { scale: { x: 'independent', y: 'independent' } },
    spec: {
      ...PANEL,
      layer: [
        {
          transform: [{ filter: 'datum.unbeaten' }],
          mark: { type: 'line', interpolate: 'step-after', strokeWidth: 1.5, opacity: 0.6 },
          encoding: {
            x,
            y,
            ...(coloured ? { color: { value: 'gray' } } : {}),
          },
        },
        {
          mark: { type: 'point', filled: true, size: 80, opacity: 0.8 },
          encoding: {
            x,
            y,
            ...(coloured
              ? {
                  color: { ...setting, scale: { domain: names } },
                  shape: { ...setting, scale: { domain: names, range: SHAPES } },
                }
              : {}),
            tooltip: [
              { field: 'cellLabel', type: 'nominal', title: 'cell' },
              { field: 'totalText', type: 'nominal', title: 'total time' },
              { field: 'stillText', type: 'nominal', title: what },
            ],
          },
        },
        ...(coloured
          ? []
          : [
              {
                transform: [{ filter: 'datum.named' }],
                mark: {
                  type: 'text' as const,
                  align: 'left' as const,
                  baseline: 'bottom' as const,
                  dx: 6,
                  dy: -3,
                  fontSize: 11,
                },
                encoding: { x, y, text: { field: 'name', type: 'nominal' } } as const,
              },
            ]),
      ],
    },
  };
}
