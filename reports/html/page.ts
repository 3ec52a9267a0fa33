/** index.html: one file that needs no network, with every figure as text and the charts as pictures of them. */
import { capacityTable } from '../capacity.ts';
import { reportCharts, type ReportChart } from '../charts/index.ts';
import { escapeHtml, scriptJson } from '../escape.ts';
import { reproduceCommand, runFacts } from '../facts.ts';
import { terms } from '../glossary.ts';
import type { ReportModel } from '../model.ts';
import type { Notice } from '../notices.ts';
import type { TimelinesResult } from '../timeline/collect.ts';
import { copyButtons, factsTable, figuresTable, sentence, type Html } from './elements.ts';
import { shortList } from '../verdict/words.ts';
import { filterPanel } from './filter-panel.ts';
import { pageData } from './page-data.ts';
import { chartScripts, clientScript } from './program.ts';
import { style } from './style.ts';
import { cellDetails, resultsTable, trialsTable } from './tables.ts';

/**
 * Only what is inside the page runs, and no request leaves it. Expressions of charts are interpreted, so that eval
 * is not needed either: text of a guest that got past the escaping could still do nothing.
 */
const SECURITY_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'";

/** Charts under the question that they answer. */
const chapters: readonly (readonly [id: string, question: string, charts: readonly string[]])[] = [
  ['how-long', 'Does it converge, and how long does it take?', ['convergence-map', 'total-time']],
  ['standstill', 'How long does the guest stand still?', ['downtime', 'trade-off']],
  [
    'cost',
    'What does it cost?',
    ['transferred-bytes', 'memory-multiple', 'workload-lost', 'service-latency', 'cpu'],
  ],
  ['versions', 'Does the version matter?', ['version-total-time', 'version-pause']],
  ['noise-and-drift', 'How much of it is noise?', ['noise']],
];

const HOW_TO_READ =
  '<p class="muted">A point is a trial: click it for its timeline. The bar is the median of its cell, the line that median’s 95 % interval, from six trials on.</p>\n';

/** The whole of index.html. */
export async function htmlPage(
  model: ReportModel,
  timelines: Pick<TimelinesResult, 'packed' | 'available'>,
): Promise<Html> {
  const { run } = model;
  const charts = reportCharts(model, 'container');
  const title = `${run.environment.planName} – migbench`;
  const drawn = charts.length > 0 || timelines.packed.size > 0;
  const sections = chapters
    .map(([id, question, names]) => {
      const shown = charts.filter(({ name }) => names.includes(name));
      return { id, question, html: shown.map(chartFigure).join('\n') };
    })
    .filter(({ html }) => html !== '')
    .map((section, i) => (i === 0 ? { ...section, html: HOW_TO_READ + section.html } : section));
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
<a class="skip" href="#results">Skip to the results</a>
<header class="frame">
<h1>${escapeHtml(run.environment.planName)}</h1>
<div class="muted">${escapeHtml(underTitle(run))}</div>
</header>
<main class="frame">
${verdict(model)}
${noticeList(model.notices)}
${contents(model, sections, timelines.packed.size > 0)}
${drawn ? filterPanel(model) : ''}
<section aria-labelledby="results"><h2 id="results">Results</h2>
${
  model.cells.length === 0
    ? '<p>No trial has been recorded, so there is nothing to show yet.</p>'
    : `${copyButtons('results', 'Results', ['markdown', 'csv'])}\n${resultsTable(model)}`
}
${charts.length === 0 ? noFigures(model) : ''}</section>
${drawn ? '<noscript><p>The charts need JavaScript. They are pictures of the tables on this page, and in the folder charts/.</p></noscript>' : ''}
${sections.map(({ id, question, html }) => `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(question)}</h2>\n${html}</section>`).join('\n')}
${timelineSection(timelines)}
${capacitySection(model)}
${detailSections(model)}
<section aria-labelledby="again"><h2 id="again">To run it again</h2>
<p>In the run directory, which holds the plan as it was written:</p>
<pre id="command">${escapeHtml(reproduceCommand(run))}</pre>
${drawn ? copyButtons('command', 'the command', ['text']) : ''}</section>
</main>
<footer class="frame">
<section aria-labelledby="provenance"><h2 id="provenance">Provenance</h2>
${factsTable('What these figures hold for', runFacts(run))}</section>
<section aria-labelledby="figures"><h2 id="figures">How each figure is measured</h2>
<p>A trial is one migration; every trial of a cell starts from the same saved guest. Each figure has a section in the documentation of migbench, named behind it; what surprised us is in docs/variability.md.</p>
<dl>${terms.map(({ name, text, see }) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)} <span class="see">${escapeHtml(see)}</span></dd>`).join('\n')}</dl></section>
</footer>
<div id="copy-status" class="visually-hidden" role="status"></div>
${
  drawn
    ? `<script type="application/octet-stream" id="report-data">${pageData(model, charts, timelines.packed)}</script>
<script type="application/json" id="report-timelines">${scriptJson([...timelines.packed.values()])}</script>
${await chartScripts()}
${await clientScript()}`
    : ''
}
</body>
</html>
`;
}

function verdict(model: ReportModel): Html {
  const sentences = model.findings.map(({ text }) => `<li>${sentence(text)}</li>`);
  const list =
    sentences.length === 0 ? '' : `<ul class="findings">\n${sentences.join('\n')}\n</ul>`;
  return `<section class="verdict ${model.level}" aria-label="Verdict"><p class="count">${sentence(model.verdict)}</p>${list}</section>`;
}

/** When, which run, and on what: `2026-11-25 09:15 UTC · run … · TCG · QEMU 10.0.13 · 2 × AMD EPYC`. */
function underTitle({ environment, records }: ReportModel['run']): string {
  const { startedAt, runId, host, qemu } = environment;
  const accelerators = new Set(records.flatMap(({ accelerator }) => accelerator ?? []));
  const versions = [...new Set(qemu.map(({ version }) => version))];
  return [
    `${startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    `run ${runId}`,
    ...[...accelerators].map((name) => name.toUpperCase()),
    ...(versions.length === 0 ? [] : [`QEMU ${shortList(versions)}`]),
    `${host.cpus} × ${host.cpuModel}`,
  ].join(' · ');
}

const noticeMarks: Readonly<Record<Notice['level'], string>> = {
  bad: 'FAILED',
  warning: 'Warning',
  note: 'Note',
};

/** More notes than this are folded away: what was skipped on purpose must not hide what went wrong. */
const MOST_NOTES = 3;

function noticeList(notices: readonly Notice[]): Html {
  if (notices.length === 0) return '';
  const list = (some: readonly Notice[]) => {
    const items = some.map(({ level, text, remedy }) => {
      const more =
        remedy === undefined ? '' : `<span class="remedy">→ ${escapeHtml(remedy)}</span>`;
      return `<li class="${level}"><span class="mark">${noticeMarks[level]}</span><span>${escapeHtml(text)}</span>${more}</li>`;
    });
    return items.length === 0 ? '' : `<ul class="notices">\n${items.join('\n')}\n</ul>`;
  };
  const notes = notices.filter(({ level }) => level === 'note');
  const folded = notes.length > MOST_NOTES;
  const shown = folded ? notices.filter(({ level }) => level !== 'note') : notices;
  const rest = folded
    ? `<details class="fold" data-print><summary>${notes.length} notes: what was skipped, and what is good to know</summary>${list(notes)}</details>`
    : '';
  return `<section aria-label="Warnings and notes">${list(shown)}${rest}</section>`;
}

function contents(
  model: ReportModel,
  sections: readonly { readonly id: string; readonly question: string }[],
  timelines: boolean,
): Html {
  if (model.cells.length === 0) return '';
  const links: readonly (readonly [string, string])[] = [
    ['results', 'Results'],
    ...sections.map(({ id, question }) => [id, question] as const),
    ...(timelines ? ([['timeline-heading', 'Timeline of a trial']] as const) : []),
    ['capacity', 'Capacity'],
    ['cells', 'All figures'],
    ['provenance', 'Provenance'],
  ];
  return `<nav class="toc" aria-label="Contents">${links.map(([id, text]) => `<a href="#${id}">${escapeHtml(text)}</a>`).join('\n')}</nav>`;
}

function chartFigure({ name, title, lead, table: figures }: ReportChart): Html {
  return `<figure aria-labelledby="title-${name}">
<figcaption><h3 id="title-${name}">${escapeHtml(title)}</h3><p id="lead-${name}">${escapeHtml(lead)}</p></figcaption>
${copyButtons(name, title, ['markdown', 'csv', 'vega-lite'])}
<div class="chart" id="chart-${name}" data-chart="${name}" role="img" aria-label="${escapeHtml(`Chart: ${title}. The table below it has its figures.`)}"></div>
<p class="muted" id="note-${name}" role="status"></p>
<details class="fold" data-print><summary>Table: ${escapeHtml(title)}</summary>${figuresTable(title, figures)}</details>
</figure>`;
}

function noFigures(model: ReportModel): Html {
  return model.cells.length === 0
    ? ''
    : '<p>No trial has a figure that counts, so there are no charts.</p>';
}

function timelineSection({ packed }: Pick<TimelinesResult, 'packed'>): Html {
  if (packed.size === 0) return '';
  const zooms = [
    ['all', 'Whole'],
    ['switchover', 'Switchover'],
    ['in', 'Zoom in'],
    ['out', 'Zoom out'],
    ['left', 'Earlier'],
    ['right', 'Later'],
  ].map(([how, text]) => `<button type="button" data-zoom="${how}">${text}</button>`);
  return `<section id="timeline-section" tabindex="-1" aria-labelledby="timeline-heading"><h2 id="timeline-heading">Timeline of a trial</h2>
<p>Choose a trial here, or click its point in a chart above. Drag the band of phases to move along the time axis, turn the wheel with Shift over it to zoom, or use the buttons. The shaded part is the switchover, from STOP to RESUME; dashed lines are the bandwidth that was allowed, and the work before the migration.</p>
<div class="choices"><label>Cell <select id="timeline-cell"></select></label><label>Trial <select id="timeline-trial"></select></label></div>
<div class="choices" role="group" aria-label="Zoom">${zooms.join(' ')}</div>
<div class="chart" id="timeline" role="img" aria-label="Timeline"></div></section>`;
}

function capacitySection(model: ReportModel): Html {
  if (model.cells.length === 0) return '';
  return `<section aria-labelledby="capacity"><h2 id="capacity">Capacity</h2>
<p>What each class of workload needed here, to be pasted into a guide. Medians; an outcome of 5/6 is five of six trials completed before the deadline.</p>
${copyButtons('capacity', 'Capacity table', ['markdown', 'csv'])}
${figuresTable('Workload × memory × setting × bandwidth', capacityTable(model.cells))}</section>`;
}

function detailSections(model: ReportModel): Html {
  if (model.cells.length === 0) return '';
  return `<section aria-labelledby="cells"><h2 id="cells">All figures by cell</h2>
${model.cells.map((cell, index) => cellDetails(cell, index)).join('\n')}</section>
<section aria-labelledby="trials"><h2 id="trials">All trials</h2>
<details class="fold"><summary>Outcomes, figures and what was said about each trial</summary>${trialsTable(model)}</details></section>`;
}
