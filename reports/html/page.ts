/** index.html: one file that needs no network, with every figure as text and the charts as pictures of them. */
import { chartConfig } from '../charts/theme.ts';
import { reportCharts } from '../charts/index.ts';
import { timelineChart, type TimelineData } from '../charts/timeline.ts';
import { escapeHtml, scriptJson } from '../escape.ts';
import { runFacts } from '../facts.ts';
import type { ReportModel } from '../model.ts';
import type { Notice } from '../notices.ts';
import { chartScripts } from './bundles.ts';
import { clientScript } from './client.ts';
import { table, type Html } from './elements.ts';
import { style } from './style.ts';
import { cellDetails, resultsTable, trialsTable } from './tables.ts';

/** A trial whose timeline the page can show. */
export interface PageTimeline {
  /** For the list; plain text. */
  readonly label: string;
  readonly data: TimelineData;
}

/** The timelines of a page. */
export interface PageTimelines {
  readonly shown: readonly PageTimeline[];
  /** How many trials of the run have a timeline. */
  readonly available: number;
}

/**
 * Only what is inside the page runs, and no request leaves it. Expressions of charts are interpreted, so that eval
 * is not needed either: text of a guest that got past the escaping could still do nothing.
 */
const SECURITY_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

const INITIAL_TIMELINE_WIDTH = 900;

/** The whole of index.html. */
export async function htmlPage(model: ReportModel, timelines: PageTimelines): Promise<Html> {
  const { run } = model;
  const charts = reportCharts(model.cells, 'container');
  const title = `${run.environment.planName} – migbench`;
  const drawn = charts.length > 0 || timelines.shown.length > 0;
  const data = {
    charts: charts.map(({ name, spec }) => ({ name, spec })),
    themes: { light: chartConfig('light'), dark: chartConfig('dark') },
    timelineSpec: timelineChart(INITIAL_TIMELINE_WIDTH),
    timelines: timelines.shown.map((timeline) => timeline.data),
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(run.environment.planName)}</h1>
<div class="muted">${escapeHtml(`${run.environment.startedAt} · run ${run.environment.runId}`)}</div>
</header>
<p class="verdict ${model.level}">${escapeHtml(model.verdict)}</p>
${noticeList(model.notices)}
<h2>Results</h2>
${model.cells.length === 0 ? '<p>No trial has been recorded, so there is nothing to show yet.</p>' : resultsTable(model)}
${charts.length === 0 ? noFigures(model) : ''}
${charts
  .map(
    (chart) =>
      `<h2>${escapeHtml(chart.title)}</h2>\n<div class="chart" id="chart-${chart.name}"></div>`,
  )
  .join('\n')}
${drawn ? '<noscript><p>The charts need JavaScript. They are pictures of the tables on this page, and in the folder charts/.</p></noscript>' : ''}
${timelineSection(timelines)}
${model.cells.length === 0 ? '' : `<h2>All figures by cell</h2>\n${model.cells.map(cellDetails).join('\n')}`}
${
  run.records.length === 0
    ? ''
    : `<h2>All trials</h2>\n<details class="fold"><summary>Outcomes, figures and what was said about each trial</summary>${trialsTable(run.records)}</details>`
}
<h2>Run</h2>
${table(
  'What these figures hold for',
  [{ title: 'What' }, { title: 'Value' }],
  runFacts(run).map(([name, value]) => [escapeHtml(name), escapeHtml(value)]),
)}
<h2>How to read this</h2>
<p>A trial is one migration; every trial of a cell starts from the same saved guest. Figures are medians with the 95 % order-statistic interval of the median, which needs six trials. A trial that did not converge counts in the total time as more than its deadline, never as a number. Skipped and invalid trials are not counted.</p>
<p>Downtime is what QEMU reports. Pause is STOP on the source to RESUME on the destination. Blackout is the longest heartbeat gap of the whole migration, stamped outside the guest.</p>
</main>
${drawn ? `<script type="application/json" id="report-data">${scriptJson(data)}</script>\n${await chartScripts()}\n<script>${clientScript}</script>` : ''}
</body>
</html>
`;
}

const noticeMarks: Readonly<Record<Notice['level'], string>> = {
  bad: 'FAILED',
  warning: 'Warning',
  note: 'Note',
};

function noticeList(notices: readonly Notice[]): Html {
  if (notices.length === 0) return '';
  const items = notices.map(({ level, text, remedy }) => {
    const more = remedy === undefined ? '' : `<span class="remedy">→ ${escapeHtml(remedy)}</span>`;
    return `<li class="${level}"><span class="mark">${noticeMarks[level]}</span><span>${escapeHtml(text)}</span>${more}</li>`;
  });
  return `<ul class="notices">\n${items.join('\n')}\n</ul>`;
}

function noFigures(model: ReportModel): Html {
  return model.cells.length === 0
    ? ''
    : '<p>No trial has a figure that counts, so there are no charts.</p>';
}

function timelineSection({ shown, available }: PageTimelines): Html {
  if (shown.length === 0) return '';
  const options = shown.map(({ label }, i) => `<option value="${i}">${escapeHtml(label)}</option>`);
  const note =
    shown.length < available
      ? `<p class="muted">${shown.length} of ${available} trials; the others are in timeline.csv.</p>`
      : '';
  return `<h2>Timeline of a trial</h2>
<p><label for="timeline-trial">Trial </label><select id="timeline-trial">${options.join('')}</select></p>
${note}
<div class="chart" id="timeline"></div>`;
}
