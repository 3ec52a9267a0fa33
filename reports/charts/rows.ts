/** The rows of a chart: cells under the heading of what they have in common, so that neighbours can be compared. */
import type { Dimension, ReportCell } from '../cell.ts';
import { LABEL_SEPARATOR, dimensionsOf } from '../cell.ts';
import { escapeTerminal } from '../escape.ts';
import type { LayoutRow } from './types.ts';

export interface CellRow {
  readonly cell: ReportCell;
  /** The cell's place in the model. */
  readonly index: number;
  readonly key: string;
}

export interface GroupedRows {
  /** Headings and rows, from top to bottom. */
  readonly layout: readonly LayoutRow[];
  readonly rows: readonly CellRow[];
}

/** Text for a picture: one line, without characters that nobody sees. */
export function pictureText(text: string): string {
  return escapeTerminal(text);
}

/** What a cell has in common with the others of its group: the dimensions that vary, but for `inner`. */
export function groupName(
  cell: ReportCell,
  dimensions: readonly Dimension[],
  inner: Dimension,
): string {
  return dimensions
    .filter((dimension) => dimension !== inner)
    .map((dimension) => cell.labels[dimension])
    .join(LABEL_SEPARATOR);
}

/** Cells of one group stand together, in the plan's order. */
export function groupedRows(cells: readonly ReportCell[], inner: Dimension): GroupedRows {
  const dimensions = dimensionsOf(cells);
  const groups = new Map<string, CellRow[]>();
  for (const [index, cell] of cells.entries()) {
    const name = groupName(cell, dimensions, inner);
    const members = groups.get(name) ?? [];
    const hash = cell.label.includes(' ~')
      ? ` ${cell.label.slice(cell.label.lastIndexOf('~'))}`
      : '';
    members.push({ cell, index, key: `c${index}|${pictureText(cell.labels[inner] + hash)}` });
    groups.set(name, members);
  }
  const layout = [...groups].flatMap(([name, members], i): readonly LayoutRow[] => [
    { key: `g${i}|${pictureText(name)}`, cells: members.map(({ index }) => index) },
    ...members.map(({ key, index }) => ({ key, cells: [index] })),
  ]);
  return { layout, rows: [...groups.values()].flat() };
}

/** The same rows without headings, each with its whole name. */
export function flatRows({ rows }: GroupedRows): GroupedRows {
  const named = rows.map((row) => ({
    ...row,
    key: `c${row.index}|${pictureText(row.cell.label)}`,
  }));
  return { layout: named.map(({ key, index }) => ({ key, cells: [index] })), rows: named };
}

/**
 * A name as a value of a scale. Vega keeps these as keys of plain objects, where a bare `__proto__` or `constructor`
 * is found although nobody put it there.
 */
export function keyed(name: string): string {
  return `n|${pictureText(name)}`;
}

/** Shows of a key what follows its first `|`; the last tick of an extent has no value. */
export const keyLabelExpression =
  "isString(datum.value) ? slice(datum.value, indexof(datum.value, '|') + 1) : ''";

/** The axis of such rows: headings in bold, and what is before the first `|` of a key not shown. */
export function rowAxis(layout: readonly LayoutRow[]) {
  return {
    field: 'row',
    type: 'nominal',
    title: null,
    sort: null,
    axis: {
      grid: true,
      tickBand: 'extent',
      ticks: false,
      domain: false,
      labelPadding: 8,
      labelExpr: keyLabelExpression,
      labelFontWeight: {
        condition: {
          test: "isString(datum.value) && slice(datum.value, 0, 1) === 'g'",
          value: 'bold',
        },
        value: 'normal',
      },
    },
    scale: { domain: layout.map(({ key }) => key) },
  } as const;
}
