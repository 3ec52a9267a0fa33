/** What the page's program gets: charts, cells, trials and the texts of its copy buttons, compressed into one line. */
import { deflateRawSync } from 'node:zlib';
import { capacityTable } from '../capacity.ts';
import type { ChartTable, ReportChart } from '../charts/types.ts';
import { chartConfig } from '../charts/theme.ts';
import { timelineChart } from '../charts/timeline.ts';
import { csvRow } from '../csv/write.ts';
import { escapeMarkdown } from '../escape.ts';
import type { ReportModel } from '../model.ts';
import { resultsOf } from '../results.ts';

/** The texts of a table, row by row: the page only leaves out those that are filtered. */
function copyTable({ heads, columns, rows }: ChartTable) {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return {
    head: [
      line(heads.map(({ title }) => escapeMarkdown(title))),
      line(heads.map(({ figure }) => (figure ? '---:' : '---'))),
    ],
    csvHead: csvRow(columns),
    rows: rows.map(({ cell, texts, values }) => ({
      cell,
      markdown: line(texts.map(escapeMarkdown)),
      csv: csvRow(values),
    })),
  };
}

/** Deflated JSON in base64; `inflated` of the page's program undoes it. */
export function pageData(
  model: ReportModel,
  charts: readonly ReportChart[],
  timelines: ReadonlyMap<string, string>,
): string {
  const places = new Map(model.cells.map(({ cellId }, index) => [cellId, index]));
  const timelinePlaces = new Map([...timelines.keys()].map((trial, place) => [trial, place]));
  const data = {
    charts: charts.map(({ name, spec, layout, table }) => ({
      name,
      spec,
      ...(layout === undefined ? {} : { layout }),
      table: copyTable(table),
    })),
    tables: {
      results: copyTable(resultsOf(model)),
      capacity: copyTable(capacityTable(model.cells)),
    },
    cells: model.cells.map(({ label, labels }) => ({ label, labels })),
    trials: model.run.records.map(({ trialId, cellId, repetition, outcome }) => ({
      id: trialId,
      cell: places.get(cellId) ?? -1,
      repetition,
      outcome: outcome.kind,
      ...(timelinePlaces.has(trialId) ? { timeline: timelinePlaces.get(trialId) } : {}),
    })),
    timelineSpec: timelineChart(),
    themes: {
      shared: chartConfig('shared'),
      light: chartConfig('light'),
      dark: chartConfig('dark'),
    },
  };
  return deflateRawSync(JSON.stringify(data), { level: 9 }).toString('base64');
}
