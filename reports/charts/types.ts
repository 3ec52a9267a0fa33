/** What a chart of the report is: a Vega-Lite specification, and the table that says the same in words. */
import type { TopLevelSpec } from 'vega-lite';
import type { CsvValue } from '../csv/write.ts';

/** Width of the plot in pixels, or that of the element it is put into. */
export type ChartWidth = number | 'container';

/** A row of a plot whose rows are cells or groups of them. */
export interface LayoutRow {
  /** The value of the plot's row field; what follows the first `|` is shown. */
  readonly key: string;
  /** The cells (their places in the model) that the row stands for. A row none of which is shown is left out. */
  readonly cells: readonly number[];
}

/** How a plot with rows is made shorter when some cells are filtered out: its height is that of its rows. */
export interface RowLayout {
  readonly rows: readonly LayoutRow[];
  /** Pixels. */
  readonly rowHeight: number;
}

export interface ChartTableRow {
  /** The cell it is about, so that a filter can hide it. */
  readonly cell: number;
  /** Plain text, as for readers. */
  readonly texts: readonly string[];
  /** The same for programs: numbers without units. */
  readonly values: readonly CsvValue[];
}

/** The figures of a chart. */
export interface ChartTable {
  readonly heads: readonly { readonly title: string; readonly figure: boolean }[];
  /** Names of the columns of `values`. */
  readonly columns: readonly string[];
  readonly rows: readonly ChartTableRow[];
}

export interface ReportChart {
  /** Kebab-case; the name of its file too. */
  readonly name: string;
  readonly title: string;
  /** What it shows and how to read it; plain text. */
  readonly lead: string;
  /** All data is in `datasets`; a datum's `cell` is the place of its cell in the model, `trial` a trial's id. */
  readonly spec: TopLevelSpec;
  readonly layout?: RowLayout;
  readonly table: ChartTable;
}
