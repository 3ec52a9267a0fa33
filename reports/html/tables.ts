/** The page's tables: results by cell, all figures of a cell, all trials. */
import { metricSummary, type CellSummary } from '../../harness/analysis/cells.ts';
import { exact } from '../../harness/analysis/censored.ts';
import { metricOf, type Metric } from '../../harness/analysis/metrics.ts';
import type { TrialRecord } from '../../harness/record/schema.ts';
import { escapeHtml } from '../escape.ts';
import {
  UNKNOWN,
  counted,
  formatFigure,
  formatInterval,
  formatCellMedian,
  formatProportionInterval,
  formatValue,
} from '../format.ts';
import { otherOutcomes, outcomeText } from '../cell.ts';
import type { ReportModel } from '../model.ts';
import { dimensionTitles, limitsOf, resultMetrics } from '../results.ts';
import { belongsTo, table, withSub, type Html } from './elements.ts';

/** Results: one row per cell. Limits that all cells share are said once. */
export function resultsTable(model: ReportModel): Html {
  const limits = model.cells.map(limitsOf);
  const shared = new Set(limits.map((each) => JSON.stringify(each))).size === 1;
  const columns = [
    ...model.dimensions.map((dimension) => ({ title: dimensionTitles[dimension] })),
    { title: 'Completed' },
    ...resultMetrics.map(({ title }) => ({ title, figure: true })),
    ...(shared ? [] : [{ title: 'Cap, limit', figure: true }]),
  ];
  const limitText = shared
    ? `In all cells max-bandwidth was ${limits[0]?.cap} and downtime-limit ${limits[0]?.downtimeLimit}.`
    : 'Cap and limit are the effective max-bandwidth and downtime-limit.';
  return table(
    `Medians over completed trials; below them the 95 % interval of the median, or the range where there are too few trials for one. ${limitText}`,
    columns,
    model.cells.map((cell, row) => [
      ...model.dimensions.map((dimension) => escapeHtml(cell.labels[dimension])),
      outcomeCell(cell),
      ...resultMetrics.map((metric) => figureCell(cell, metric)),
      ...(shared ? [] : [withSub(limits[row]?.cap ?? '', limits[row]?.downtimeLimit ?? '')]),
    ]),
    (row) => ({ cell: row }),
  );
}

function outcomeCell(cell: CellSummary): Html {
  const others = otherOutcomes(cell);
  const kind =
    cell.outcomes.failed > 0
      ? 'failed'
      : cell.outcomes['not-converged'] > 0
        ? 'not-converged'
        : cell.outcomes.invalid > 0
          ? 'invalid'
          : cell.completed === undefined
            ? 'skipped'
            : 'completed';
  const sub = cell.completed === undefined ? '' : others;
  return `<span class="outcome-${kind}">${withSub(outcomeText(cell), sub)}</span>`;
}

function figureCell(cell: CellSummary, metric: Metric): Html {
  const summary = metricSummary(cell, metric.key);
  if (summary === undefined) return UNKNOWN;
  const spread =
    summary.ciLow !== undefined
      ? formatInterval(summary)
      : summary.values > 1
        ? `${formatFigure(summary.min, metric)} … ${formatFigure(summary.max, metric)}`
        : '';
  return withSub(formatCellMedian(cell, metric.key), spread);
}

/** All figures of a cell, folded away under its id. */
export function cellDetails(cell: CellSummary, index: number): Html {
  const summary = `<summary>${escapeHtml(cell.cellId)} <span class="muted">${escapeHtml(outcomeText(cell))}</span></summary>`;
  const completed =
    cell.completed === undefined
      ? `No trial counts (${otherOutcomes(cell)}).`
      : `${cell.completed.k} of ${counted(cell.completed.n, 'trial')} completed (95 % interval ${formatProportionInterval(cell.completed)}).`;
  const figures = ['Median', '95 % interval', 'Min', 'Max', 'MAD', 'Values'];
  const body =
    cell.metrics.length === 0
      ? ''
      : table(
          `All figures of ${cell.cellId}`,
          [{ title: 'Metric' }, ...figures.map((title) => ({ title, figure: true }))],
          cell.metrics.map((metricOfCell) => {
            const { metric, mad } = metricOfCell;
            return [
              metric.title,
              formatCellMedian(cell, metric.key),
              formatInterval(metricOfCell),
              formatFigure(metricOfCell.min, metric),
              formatFigure(metricOfCell.max, metric),
              mad === undefined ? UNKNOWN : formatFigure(exact(mad), metric),
              String(metricOfCell.values),
            ].map(escapeHtml);
          }),
        );
  return `<details class="fold"${belongsTo({ cell: index })}>${summary}<p>${escapeHtml(completed)}</p>${body}</details>`;
}

/** Beyond this the page gets slow; trials.csv has them all. */
const MOST_ROWS = 500;

const trialMetrics = ['totalTimeMs', 'downtimeMs', 'pauseMs', 'transferredBytes'] as const;

/** Every trial with its outcome and what was said about it. */
export function trialsTable(model: ReportModel): Html {
  const { records } = model.run;
  const places = new Map(model.cells.map(({ cellId }, index) => [cellId, index]));
  const shown = records.slice(0, MOST_ROWS);
  const note =
    shown.length < records.length
      ? `The first ${MOST_ROWS} of ${records.length} trials; all of them are in trials.csv.`
      : counted(records.length, 'trial');
  return table(
    note,
    [
      { title: 'Trial' },
      { title: 'Cell' },
      { title: 'Outcome' },
      ...trialMetrics.map((key) => ({ title: metricOf(key).title, figure: true })),
      { title: 'Said' },
    ],
    shown.map((record) => [
      escapeHtml(record.trialId),
      escapeHtml(record.cellId),
      trialOutcome(record),
      ...trialMetrics.map((key) => {
        const value = record.measurements[key];
        return value === undefined ? UNKNOWN : escapeHtml(formatValue(value, metricOf(key)));
      }),
      escapeHtml(saidAbout(record)),
    ]),
    (row) => ({
      cell: places.get(shown[row]?.cellId ?? ''),
      trial: shown[row]?.trialId,
    }),
  );
}

function trialOutcome({ outcome, integrity }: TrialRecord): Html {
  const reason = 'reason' in outcome ? outcome.reason : '';
  const damage = integrity === 'damaged' ? 'damaged' : outcome.kind;
  return `<span class="outcome-${damage}">${withSub(outcome.kind, reason)}</span>`;
}

function saidAbout(record: TrialRecord): string {
  const { outcome } = record;
  return [
    ...('detail' in outcome ? [outcome.detail] : []),
    ...(record.integrityDetail === undefined ? [] : [record.integrityDetail]),
    ...record.warnings.map(({ code, message }) => `${code}: ${message}`),
  ].join(' · ');
}
