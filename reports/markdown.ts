/** report.md: the verdict, what to know first, and the results as tables. */
import type { CellSummary } from '../harness/analysis/cells.ts';
import { capacityTable } from './capacity.ts';
import type { ChartTable } from './charts/types.ts';
import { escapeMarkdown } from './escape.ts';
import {
  UNKNOWN,
  counted,
  formatFigure,
  formatInterval,
  formatCellMedian,
  formatProportionInterval,
} from './format.ts';
import { otherOutcomes } from './cell.ts';
import type { ReportModel } from './model.ts';
import type { Notice } from './notices.ts';
import { factText, reproduceCommand, runFacts } from './facts.ts';
import { resultsOf } from './results.ts';

const noticeWords: Readonly<Record<Notice['level'], string>> = {
  bad: '**FAILED:** ',
  warning: '**Warning:** ',
  note: '',
};

/** The whole of report.md. */
export function markdownReport(model: ReportModel): string {
  const { run } = model;
  const lines = [
    `# ${escapeMarkdown(run.environment.planName)}`,
    '',
    `**${escapeMarkdown(model.verdict)}**`,
    '',
    ...model.findings.map(({ text }) => `- ${escapeMarkdown(text)}`),
    ...(model.findings.length === 0 ? [] : ['']),
    ...model.notices.map(noticeLine),
    ...(model.notices.length === 0 ? [] : ['']),
    '## Results',
    '',
    ...(model.cells.length === 0
      ? ['No trial has been recorded.']
      : figuresTable(resultsOf(model))),
    '',
    'Figures are medians over the completed trials of a cell, with the 95 % order-statistic interval of the median ' +
      '(from six trials on). A trial that did not converge counts in the total time as more than its deadline. ' +
      'Downtime is what QEMU reports; pause is STOP on the source to RESUME on the destination.',
    '',
    ...(model.cells.length === 0
      ? []
      : ['## Capacity', '', ...figuresTable(capacityTable(model.cells)), '']),
    '## All figures',
    '',
    ...(model.cells.length === 0 ? ['None.', ''] : model.cells.flatMap(cellSection)),
    '## To run it again',
    '',
    // Indented: one line cannot end such a block, whatever is in it.
    `    ${reproduceCommand(run)}`,
    '',
    '## Run',
    '',
    ...table(
      ['', ''],
      runFacts(run).map((fact) => [escapeMarkdown(fact[0]), escapeMarkdown(factText(fact))]),
    ),
    '',
  ];
  return lines.join('\n');
}

/** An item of the list of what to know first. */
export function noticeLine(notice: Notice): string {
  const remedy = notice.remedy === undefined ? '' : ` *${escapeMarkdown(notice.remedy)}*`;
  return `- ${noticeWords[notice.level]}${escapeMarkdown(notice.text)}${remedy}`;
}

/** Cells must be escaped already. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** A table of figures; the columns of figures to the right. */
export function figuresTable({ heads, rows }: ChartTable): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(heads.map(({ title }) => escapeMarkdown(title))),
    line(heads.map(({ figure }) => (figure ? '---:' : '---'))),
    ...rows.map(({ texts }) => line(texts.map(escapeMarkdown))),
  ];
}

function cellSection(cell: CellSummary): readonly string[] {
  const completed =
    cell.completed === undefined
      ? `No trial counts (${otherOutcomes(cell)}).`
      : `${cell.completed.k} of ${counted(cell.completed.n, 'trial')} completed ` +
        `(95 % interval ${formatProportionInterval(cell.completed)}).`;
  const heading = [`### ${escapeMarkdown(cell.cellId)}`, '', escapeMarkdown(completed), ''];
  if (cell.metrics.length === 0) return heading;
  const rows = cell.metrics.map((summary) => {
    const { metric } = summary;
    return [
      metric.title,
      formatCellMedian(cell, metric.key),
      formatInterval(summary),
      formatFigure(summary.min, metric),
      formatFigure(summary.max, metric),
      summary.mad === undefined
        ? UNKNOWN
        : formatFigure({ value: summary.mad, censored: false }, metric),
      String(summary.values),
    ].map(escapeMarkdown);
  });
  return [
    ...heading,
    ...table(['Metric', 'Median', '95 % interval', 'Min', 'Max', 'MAD', 'Values'], rows),
    '',
  ];
}
