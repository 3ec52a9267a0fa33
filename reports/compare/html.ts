/** index.html of a comparison: one file without a program, that needs no network. */
import type { CellComparison, Comparison, ComparedSide } from '../../harness/compare/types.ts';
import { renderSvg } from '../charts/render-svg.ts';
import { escapeHtml } from '../escape.ts';
import { runFacts } from '../facts.ts';
import { counted } from '../format.ts';
import { factsTable, sentence, table, withSub, type Html } from '../html/elements.ts';
import { style } from '../html/style.ts';
import { comparisonCharts } from './chart.ts';
import { gateLines, gateSentence } from './gate.ts';
import { noticesOf } from './notices.ts';
import {
  adjustedText,
  detectableText,
  effectIntervalText,
  effectText,
  findingsOf,
  medianText,
  methodText,
  proportionSpread,
  proportionText,
  pText,
  spreadText,
  titleOf,
  verdictLevels,
  verdictWords,
} from './words.ts';

/** Nothing runs in this page, and no request leaves it. */
const SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Width of the plots, pixels; beside them are the names of the cells. */
const PLOT_WIDTH = 620;

const ownStyle = `
.judged-bad { color: var(--bad); font-weight: 600; } .judged-good { color: var(--good); font-weight: 600; }
.judged-warning { color: var(--warning); } .judged-note { color: var(--muted); }
.compared td.name { min-width: 170px; } .compared h3 { overflow-wrap: anywhere; }
`;

/** The whole of the page. */
export async function comparisonPage(comparison: Comparison): Promise<Html> {
  const title = titleOf(comparison);
  const charts = [];
  for (const { name, title: heading, spec } of comparisonCharts(comparison, PLOT_WIDTH)) {
    // One picture to ears, named by the element around it.
    const svg = (await renderSvg(spec, 'shared')).replace('<svg ', '<svg aria-hidden="true" ');
    charts.push(
      `<figure aria-labelledby="chart-${name}"><figcaption><h3 id="chart-${name}">${escapeHtml(heading)}</h3></figcaption>` +
        `<div class="chart" role="img" tabindex="0" aria-label="${escapeHtml(`Chart: change of ${heading} by cell. The table above has its figures.`)}">${svg}</div></figure>`,
    );
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – migbench compare</title>
<style>${style}${ownStyle}</style>
</head>
<body>
<a class="skip" href="#results">Skip to the results</a>
<header class="frame">
<h1>${escapeHtml(title)}</h1>
<div class="muted">${escapeHtml(`${comparison.base.directory} and ${comparison.candidates.map(({ directory }) => directory).join(', ')}`)}</div>
</header>
<main class="frame">
${verdict(comparison)}
${gate(comparison)}
${notices(comparison)}
<section aria-labelledby="results"><h2 id="results">Results</h2>
<p>${escapeHtml(methodText(comparison))}</p>
${overview(comparison)}
${cellSections(comparison.cells)}</section>
${
  charts.length === 0
    ? ''
    : `<section aria-labelledby="charts"><h2 id="charts">Changes with their intervals</h2>
<p>Candidate against base, in percent of the base; right of the dashed line is more. What is inside the shaded band does not count. A bar up to the edge has no end on that side. A change without a bar has too few trials for an interval, or too many that did not converge.</p>
${charts.join('\n')}</section>`
}
</main>
<footer class="frame"><section aria-labelledby="provenance"><h2 id="provenance">Provenance</h2>
${provenance(comparison)}</section></footer>
</body>
</html>
`;
}

function verdict(comparison: Comparison): Html {
  const findings = findingsOf(comparison).map(
    ({ text, verdict: each }) =>
      `<li><span class="judged-${verdictLevels[each]}">${sentence(text)}</span></li>`,
  );
  const list = findings.length === 0 ? '' : `<ul class="findings">\n${findings.join('\n')}\n</ul>`;
  const level = verdictLevels[comparison.verdict];
  return `<section class="verdict ${level}" aria-label="Verdict"><p class="count">${escapeHtml(comparison.sentence)}</p>${list}</section>`;
}

function gate({ gate: found }: Comparison): Html {
  if (found === undefined) return '';
  const lines = gateLines(found).map((text) => `<li>${escapeHtml(text)}</li>`);
  const list = lines.length === 0 ? '' : `<ul class="findings">\n${lines.join('\n')}\n</ul>`;
  return `<section class="verdict ${found.passed ? 'good' : 'bad'}" aria-label="Gate"><p class="count">${escapeHtml(gateSentence(found))}</p>${list}</section>`;
}

function notices(comparison: Comparison): Html {
  const items = noticesOf(comparison).map(
    ({ level, text }) =>
      `<li class="${level}"><span class="mark">${level === 'note' ? 'Note' : 'Warning'}</span><span>${sentence(text)}</span></li>`,
  );
  return items.length === 0
    ? ''
    : `<section aria-label="Warnings and notes"><ul class="notices">\n${items.join('\n')}\n</ul></section>`;
}

function judged({
  verdict: each,
  reason,
}: Pick<CellComparison['metrics'][number], 'verdict' | 'reason'>): Html {
  return `<span class="judged-${verdictLevels[each]}">${withSub(verdictWords[each], reason)}</span>`;
}

/** All changes at a glance; empty for one pair of cells, whose table says it all. */
function overview({ cells }: Comparison): Html {
  if (cells.length < 2) return '';
  const titles = new Map(
    cells.flatMap(({ metrics }) => metrics.map(({ metric }) => [metric.key, metric.title])),
  );
  const rows = cells.map(({ label, completion, metrics }) => [
    escapeHtml(label),
    shortly(
      completion.verdict,
      `${proportionText(completion.base)} → ${proportionText(completion.candidate)}`,
    ),
    ...[...titles.keys()].map((key) => {
      const found = metrics.find(({ metric }) => metric.key === key);
      return found === undefined ? '' : shortly(found.verdict, effectText(found));
    }),
  ]);
  return table(
    'All changes',
    [
      { title: 'Cells' },
      ...['Completed', ...titles.values()].map((title) => ({ title, figure: true })),
    ],
    rows,
  );
}

/** A change with its verdict below it. */
function shortly(each: CellComparison['metrics'][number]['verdict'], text: string): Html {
  return `<span class="judged-${verdictLevels[each]}">${withSub(text, verdictWords[each])}</span>`;
}

/** Of more cells than these, those in which nothing was called are folded away. */
const MOST_OPEN = 8;

function cellSections(cells: Comparison['cells']): Html {
  const quiet = ({ completion, metrics }: CellComparison) =>
    [completion, ...metrics].every(
      ({ verdict: each }) => each === 'no-change' || each === 'inconclusive',
    );
  return cells.map((cell) => cellSection(cell, cells.length > MOST_OPEN && quiet(cell))).join('\n');
}

function cellSection(cell: CellComparison, folded: boolean): Html {
  const { completion, metrics } = cell;
  const rows = [
    [
      'Completed',
      withSub(proportionText(completion.base), proportionSpread(completion.base)),
      withSub(proportionText(completion.candidate), proportionSpread(completion.candidate)),
      '',
      escapeHtml(pText(completion.adjustedP)),
      '',
      judged(completion),
    ],
    ...metrics.map((each) => [
      escapeHtml(each.metric.title),
      withSub(medianText(each.base, each.metric), spreadText(each.base, each.metric)),
      withSub(medianText(each.candidate, each.metric), spreadText(each.candidate, each.metric)),
      withSub(effectText(each), effectIntervalText(each)),
      withSub(adjustedText(each), each.test === undefined ? '' : `${pText(each.test.p)} alone`),
      escapeHtml(detectableText(each)),
      judged(each),
    ]),
  ];
  const figures = ['Base', 'Candidate', 'Change', 'p', 'Would have seen'];
  const figuresOfCell = table(
    cell.label,
    [
      { title: 'Metric' },
      ...figures.map((title) => ({ title, figure: true })),
      { title: 'Verdict' },
    ],
    rows,
  );
  const name = escapeHtml(cell.label);
  return folded
    ? `<details class="fold compared" data-print><summary>${name} <span class="muted">nothing changed, as far as it can be told</span></summary>${figuresOfCell}</details>`
    : `<div class="compared"><h3>${name}</h3>\n${figuresOfCell}</div>`;
}

function provenance({ base, candidates }: Comparison): Html {
  const directories = new Set<string>();
  return [base, ...candidates]
    .filter(({ directory }) => !directories.has(directory) && directories.add(directory))
    .map(sideTable)
    .join('\n');
}

function sideTable(side: ComparedSide): Html {
  return factsTable(`${side.directory}: ${counted(side.trials, 'trial')}`, runFacts(side));
}
