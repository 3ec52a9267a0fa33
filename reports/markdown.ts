/** report.md: the verdict, what to know first, and the results as tables. */
import { metricSummary, type CellSummary } from '../harness/analysis/cells.ts';
import type { Metric } from '../harness/analysis/metrics.ts';
import { escapeMarkdown } from './escape.ts';
import {
  UNKNOWN,
  counted,
  formatFigure,
  formatInterval,
  formatMedian,
  formatProportionInterval,
} from './format.ts';
import { outcomeText, otherOutcomes, type ReportModel } from './model.ts';
import type { Notice } from './notices.ts';
import { runFacts } from './facts.ts';
import { dimensionTitles, limitsOf, resultMetrics } from './results.ts';

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
    ...model.notices.map(noticeLine),
    ...(model.notices.length === 0 ? [] : ['']),
    '## Results',
    '',
    ...resultsTable(model),
    '',
    'Figures are medians over the completed trials of a cell, with the 95 % order-statistic interval of the median ' +
      '(from six trials on). A trial that did not converge counts in the total time as more than its deadline. ' +
      'Downtime is what QEMU reports; pause is STOP on the source to RESUME on the destination.',
    '',
    '## All figures',
    '',
    ...(model.cells.length === 0 ? ['None.', ''] : model.cells.flatMap(cellSection)),
    '## Run',
    '',
    ...table(
      ['', ''],
      runFacts(run).map(([name, value]) => [escapeMarkdown(name), escapeMarkdown(value)]),
    ),
    '',
  ];
  return lines.join('\n');
}

function noticeLine(notice: Notice): string {
  const remedy = notice.remedy === undefined ? '' : ` *${escapeMarkdown(notice.remedy)}*`;
  return `- ${noticeWords[notice.level]}${escapeMarkdown(notice.text)}${remedy}`;
}

/** Cells must be escaped already. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function resultsTable(model: ReportModel): readonly string[] {
  if (model.cells.length === 0) return ['No trial has been recorded.'];
  const head = [
    ...model.dimensions.map((dimension) => dimensionTitles[dimension]),
    'Completed',
    ...resultMetrics.map((metric) => metric.title),
    'Cap',
    'Downtime limit',
  ];
  return table(
    head,
    model.cells.map((cell) => {
      const limits = limitsOf(cell);
      return [
        ...model.dimensions.map((dimension) => escapeMarkdown(cell.labels[dimension])),
        outcomeCell(cell),
        ...resultMetrics.map((metric) => figureCell(cell, metric)),
        escapeMarkdown(limits.cap),
        escapeMarkdown(limits.downtimeLimit),
      ];
    }),
  );
}

function outcomeCell(cell: CellSummary): string {
  const others = otherOutcomes(cell);
  const count = outcomeText(cell);
  if (cell.completed === undefined) return escapeMarkdown(others);
  return escapeMarkdown(others === '' ? count : `${count} (${others})`);
}

function figureCell(cell: CellSummary, metric: Metric): string {
  const summary = metricSummary(cell, metric.key);
  if (summary === undefined) return UNKNOWN;
  const interval = summary.ciLow === undefined ? '' : ` (${formatInterval(summary)})`;
  return escapeMarkdown(formatMedian(summary) + interval);
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
      formatMedian(summary),
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
