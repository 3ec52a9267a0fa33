/** Chart: does it converge? Workload and setting against bandwidth, with how fast each workload dirties memory. */
import type { TopLevelSpec } from 'vega-lite';
import { metricSummary } from '../../harness/analysis/cells.ts';
import { formatBitRate, formatByteRate } from '../../harness/units.ts';
import { UNKNOWN, formatMedian } from '../format.ts';
import { LABEL_SEPARATOR, dimensionsOf, outcomeText, type ReportCell } from '../cell.ts';
import { keyLabelExpression, keyed, pictureText, rowAxis } from './rows.ts';
import type { ChartTable, ChartWidth, LayoutRow, ReportChart } from './types.ts';

const ROW_HEIGHT = 26;
const PAGE_BYTES = 4096;

/** Bytes per second that a cell's workload is meant to dirty, or was seen to; `undefined` where neither is known. */
export function dirtyRateOf(cell: ReportCell): number | undefined {
  const asked = cell.records[0]?.workload.parameters['dirty-rate'];
  if (typeof asked === 'number') return asked;
  const seen = metricSummary(cell, 'dirtyPagesPerSecond')?.median;
  return seen === undefined || seen.censored || seen.value === 0
    ? undefined
    : seen.value * PAGE_BYTES;
}

/** A link's rate, for the order of columns; unlimited ones come last. */
export function bandwidthOf(cell: ReportCell): number {
  const rate = cell.records[0]?.link.bandwidthBitsPerSecond;
  return typeof rate === 'number' ? rate : Infinity;
}

interface Square {
  readonly row: string;
  readonly link: string;
  readonly cell: number;
  readonly cellLabel: string;
  readonly verdict: string;
  readonly text: string;
  readonly detail: string;
}

const VERDICTS = ['all completed', 'some did not', 'none completed', 'no result'] as const;

function verdictOf(cell: ReportCell): (typeof VERDICTS)[number] {
  if (cell.completed === undefined) return 'no result';
  const { k, n } = cell.completed;
  return k === n ? 'all completed' : k === 0 ? 'none completed' : 'some did not';
}

/** `undefined` where there is nothing to map: no cell has a result. */
export function convergenceMap(
  cells: readonly ReportCell[],
  width: ChartWidth,
): ReportChart | undefined {
  if (!cells.some(({ completed }) => completed !== undefined)) return undefined;
  const dimensions = dimensionsOf(cells).filter((dimension) => dimension !== 'link');
  const groups = new Map<string, Map<string, number[]>>();
  for (const [index, cell] of cells.entries()) {
    const heading = [
      ...dimensions.filter((d) => d !== 'setting').map((d) => cell.labels[d]),
      ...dirtiesText(cell),
    ].join(LABEL_SEPARATOR);
    const rows = groups.get(heading) ?? new Map<string, number[]>();
    groups.set(heading, rows);
    rows.set(cell.labels.setting, [...(rows.get(cell.labels.setting) ?? []), index]);
  }
  const layout: LayoutRow[] = [];
  const squares: Square[] = [];
  // A heading over one row each would be half of the picture.
  const flat = [...groups.values()].every((rows) => rows.size === 1);
  const oneSetting = new Set(cells.map(({ labels }) => labels.setting)).size === 1;
  for (const [g, [heading, rows]] of [...groups].entries()) {
    if (!flat) {
      layout.push({ key: `g${g}|${pictureText(heading)}`, cells: [...rows.values()].flat() });
    }
    for (const [r, [setting, members]] of [...rows].entries()) {
      const name = !flat
        ? setting
        : oneSetting
          ? heading
          : `${heading}${LABEL_SEPARATOR}${setting}`;
      const key = `c${g}.${r}|${pictureText(name)}`;
      layout.push({ key, cells: members });
      for (const index of members) {
        const cell = cells[index];
        if (cell === undefined) continue;
        squares.push({
          row: key,
          link: keyed(cell.labels.link),
          cell: index,
          cellLabel: cell.label,
          verdict: verdictOf(cell),
          text: squareText(cell),
          detail:
            cell.completed === undefined ? outcomeText(cell) : `${outcomeText(cell)} completed`,
        });
      }
    }
  }
  return {
    name: 'convergence-map',
    title: 'Convergence map',
    lead: 'Which combinations completed before the deadline: workload (with the rate at which it dirties memory) and setting against bandwidth. In each field, how many trials completed and the median of their total time.',
    spec: mapSpec(cells, squares, layout, width),
    layout: { rows: layout, rowHeight: ROW_HEIGHT },
    table: mapTable(cells),
  };
}

/** Only a rate that the plan asks for: one that was seen differs from link to link and would split a workload's rows. */
function dirtiesText(cell: ReportCell): readonly string[] {
  const asked = cell.records[0]?.workload.parameters['dirty-rate'];
  return typeof asked === 'number' ? [`dirties ${formatByteRate(asked)}`] : [];
}

function squareText(cell: ReportCell): string {
  if (cell.completed === undefined) return outcomeText(cell);
  return `${outcomeText(cell)}, ${formatMedian(metricSummary(cell, 'totalTimeMs'))}`;
}

function mapSpec(
  cells: readonly ReportCell[],
  squares: readonly Square[],
  layout: readonly LayoutRow[],
  width: ChartWidth,
): TopLevelSpec {
  const links = [
    ...new Set(
      cells
        .toSorted((a, b) => bandwidthOf(a) - bandwidthOf(b))
        .map((cell) => keyed(cell.labels.link)),
    ),
  ];
  const rows = rowAxis(layout);
  const y = {
    ...rows,
    axis: { ...rows.axis, grid: false },
    // A gap between neighbours of one colour.
    scale: { ...rows.scale, paddingInner: 0.1 },
  } as const;
  const x = {
    field: 'link',
    type: 'nominal',
    title: 'link',
    sort: null,
    axis: { orient: 'top', labelAngle: 0, labelExpr: keyLabelExpression },
    scale: { domain: links, paddingInner: 0.01 },
  } as const;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: 'Which combinations of workload, setting and bandwidth completed.',
    width,
    height: layout.length * ROW_HEIGHT,
    autosize: { type: 'fit-x', contains: 'padding' },
    datasets: { squares: [...squares] },
    data: { name: 'squares' },
    layer: [
      {
        mark: { type: 'rect', cornerRadius: 3, stroke: null },
        encoding: {
          y,
          x,
          color: {
            field: 'verdict',
            type: 'nominal',
            title: null,
            // Blue to orange, with grey for nothing: the same to colour-blind eyes; the words say it too.
            scale: { domain: [...VERDICTS], range: ['#9ccdee', '#f3e2a9', '#f2b48c', '#d5d9de'] },
          },
          tooltip: [
            { field: 'cellLabel', type: 'nominal', title: 'cell' },
            { field: 'verdict', type: 'nominal', title: 'verdict' },
            { field: 'detail', type: 'nominal', title: 'trials' },
            { field: 'text', type: 'nominal', title: 'total time' },
          ],
        },
      },
      {
        // On the fields' own colours, in either theme.
        mark: { type: 'text', color: '#1c2127', fontSize: 11, limit: 140 },
        encoding: { y, x, text: { field: 'text', type: 'nominal' } },
      },
    ],
  };
}

function mapTable(cells: readonly ReportCell[]): ChartTable {
  return {
    heads: [
      { title: 'Cell', figure: false },
      { title: 'Dirty rate', figure: true },
      { title: 'Bandwidth', figure: true },
      { title: 'Completed', figure: true },
      { title: 'Total time', figure: true },
    ],
    columns: [
      'cell_id',
      'dirty_bytes_per_second',
      'link_bandwidth_bits_per_second',
      'completed',
      'n',
      'total_time_ms_median',
    ],
    rows: cells.map((cell, index) => {
      const dirty = dirtyRateOf(cell);
      const rate = cell.records[0]?.link.bandwidthBitsPerSecond;
      const median = metricSummary(cell, 'totalTimeMs')?.median;
      return {
        cell: index,
        texts: [
          cell.label,
          dirty === undefined ? UNKNOWN : formatByteRate(dirty),
          rate === undefined ? UNKNOWN : formatBitRate(rate),
          outcomeText(cell),
          formatMedian(metricSummary(cell, 'totalTimeMs')),
        ],
        values: [
          cell.cellId,
          dirty === undefined ? undefined : Math.round(dirty),
          rate,
          cell.outcomes.completed,
          cell.n,
          median === undefined || median.censored ? undefined : median.value,
        ],
      };
    }),
  };
}
