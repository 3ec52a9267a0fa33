/** A card, or another document of the same make, as Markdown and as one HTML page. */
import { escapeHtml, escapeMarkdown } from '../escape.ts';
import { table, type Html } from '../html/elements.ts';
import { style } from '../html/style.ts';
import type { CardContent, CardTable } from './content.ts';

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** What a caption would say stands above its table, where it does not scroll with it. On paper everything is small. */
const documentStyle = `
.card h2 { margin: 22px 0 6px; padding-top: 8px; }
.card section p { margin: 0 0 6px; font-size: 13px; }
.card table { font-size: 13px; }
.card th, .card td { padding-left: 6px; padding-right: 6px; }
.card td.name { white-space: nowrap; }
.card .interval { display: block; color: var(--muted); }
.card .long { display: inline-block; min-width: 30ch; white-space: normal; }
.card img { max-width: 100%; background: white; }
.card ul { margin: 6px 0; padding-left: 20px; }
.card .notices { padding-left: 0; }
.card li { overflow-wrap: anywhere; }
@page { size: A4; margin: 9mm; }
@media print {
  body { font-size: 7.5px; line-height: 1.25; }
  .card header.frame { padding-top: 0; }
  .card h1 { font-size: 14px; margin: 0; }
  .card h2 { font-size: 10px; margin: 4px 0 1px; padding-top: 2px; }
  .card p, .card section p { margin: 0 0 1px; font-size: 7.5px; max-width: none; }
  .card .verdict { padding: 3px 6px; margin: 3px 0; }
  .card .notices li { padding: 1px 0; } .card .notices .mark { font-size: 7.5px; padding-top: 0; }
  .card table, .card th { font-size: 7px; }
  .card th, .card td { padding: 1px 4px; }
  .card td.name { white-space: normal; } .card .long { min-width: 0; }
  .card img { max-height: 27mm; }
  .scroll { overflow: visible; }
}
`;

/** card.md. */
export function cardMarkdown(content: CardContent): string {
  return documentMarkdown({ ...content, title: `Workload card: ${content.title}` });
}

/** The document as Markdown. */
export function documentMarkdown(content: CardContent): string {
  const lines = [
    `# ${escapeMarkdown(content.title)}`,
    escapeMarkdown(content.under),
    escapeMarkdown(content.verdict),
    ...(content.warnings.length === 0
      ? []
      : [
          content.warnings.map((warning) => `- **Warning:** ${escapeMarkdown(warning)}`).join('\n'),
        ]),
    ...content.tables.flatMap((one) => [`## ${escapeMarkdown(one.caption)}`, markdownTable(one)]),
    '## What it rests on',
    content.notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n'),
  ];
  return `${lines.join('\n\n')}\n`;
}

function markdownTable({ heads, rows, prose = [] }: CardTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const rule = heads.map((_, index) => (index === 0 || prose.includes(index) ? '---' : '---:'));
  return [line(heads), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** card.html, with the dirty curve as a picture. */
export function cardPage(content: CardContent, svg: string): Html {
  return documentPage({ ...content, title: `Workload card: ${content.title}` }, svg);
}

/** The document as one file that needs no network and runs nothing; after two tables a card's picture, if any. */
export function documentPage(content: CardContent, svg?: string): Html {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`${content.title} – migbench`)}</title>
<style>${style}${documentStyle}</style>
</head>
<body class="card">
<header class="frame">
<h1>${escapeHtml(content.title)}</h1>
<div class="muted">${escapeHtml(content.under)}</div>
</header>
<main class="frame">
<div class="verdict note"><p>${escapeHtml(content.verdict)}</p></div>
${warnings(content.warnings)}
${content.tables.slice(0, 2).map(section).join('\n')}
${svg === undefined ? '' : picture(svg)}
${content.tables.slice(2).map(section).join('\n')}
<h2>What it rests on</h2>
<ul>${content.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>
</main>
</body>
</html>
`;
}

function picture(svg: string): Html {
  const data = Buffer.from(svg, 'utf8').toString('base64');
  return `<h2>Dirty curve and links</h2>
<p>Where the line of a link runs above the curve, pre-copy over that link converges with such a downtime. Both axes are logarithmic; the band is the spread.</p>
<img src="data:image/svg+xml;base64,${data}" alt="Dirty curve: unique memory dirtied against the window; its figures are in the table below.">`;
}

function warnings(texts: readonly string[]): Html {
  if (texts.length === 0) return '';
  const items = texts.map(
    (text) =>
      `<li class="warning"><span class="mark">warning</span><span>${escapeHtml(text)}</span></li>`,
  );
  return `<ul class="notices">${items.join('')}</ul>`;
}

/** Prose longer than this wraps. */
const LONG_CELL = 40;

/** Tables with more columns than this have intervals below their figures. */
const MANY_COLUMNS = 8;

function cellHtml(text: string, isCrowded: boolean): Html {
  const [, figure, interval] = (isCrowded && /^([^(]+) (\(.+\))$/u.exec(text)) || [];
  if (figure !== undefined && interval !== undefined) {
    return `${escapeHtml(figure)} <span class="interval">${escapeHtml(interval)}</span>`;
  }
  return text.length > LONG_CELL
    ? `<span class="long">${escapeHtml(text)}</span>`
    : escapeHtml(text);
}

function section({ caption, heads, rows, prose = [] }: CardTable): Html {
  const [heading = caption, ...rest] = caption.split(': ');
  const more = rest.join(': ');
  const about = `${more.charAt(0).toUpperCase()}${more.slice(1)}.`;
  return `<section><h2>${escapeHtml(heading)}</h2>
${more === '' ? '' : `<p class="muted">${escapeHtml(about)}</p>`}
${table(
  heading,
  heads.map((title, index) => ({ title, figure: index > 0 && !prose.includes(index) })),
  rows.map((cells) => cells.map((text) => cellHtml(text, heads.length > MANY_COLUMNS))),
)}</section>`;
}
