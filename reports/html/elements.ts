/** Small parts of HTML pages; whatever is given as text is escaped here. */
import type { ChartTable } from '../charts/types.ts';
import { escapeHtml } from '../escape.ts';
import type { Fact } from '../facts.ts';

/** HTML that is finished: made here, not to be escaped again. */
export type Html = string;

export interface Column {
  readonly title: string;
  /** Right-aligned, not wrapped. */
  readonly figure?: boolean;
}

/** What a row is about, so that the filters can hide it. */
export interface RowOf {
  readonly cell?: number | undefined;
  readonly trial?: string | undefined;
}

/** Attributes of an element that belongs to a cell or a trial. */
export function belongsTo({ cell, trial }: RowOf): Html {
  return (
    (cell === undefined ? '' : ` data-cell="${cell}"`) +
    (trial === undefined ? '' : ` data-trial="${escapeHtml(trial)}"`)
  );
}

/** A table that scrolls sideways where it is too wide; the first cell of a row is its heading. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Html[])[],
  about: (row: number) => RowOf = () => ({}),
): Html {
  const kind = (i: number) => (columns[i]?.figure === true ? 'figure' : 'name');
  const head = columns
    .map(({ title }, i) => `<th scope="col" class="${kind(i)}">${escapeHtml(title)}</th>`)
    .join('');
  const body = rows
    .map((cells, row) => {
      const line = cells.map((cell, i) =>
        i === 0
          ? `<th scope="row" class="${kind(i)}">${cell}</th>`
          : `<td class="${kind(i)}">${cell}</td>`,
      );
      return `<tr${belongsTo(about(row))}>${line.join('')}</tr>`;
    })
    .join('\n');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table>
<caption><span>${escapeHtml(caption)}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody></table></div>`;
}

/** A chart's table, or one like it. */
export function figuresTable(caption: string, { heads, rows }: ChartTable): Html {
  return table(
    caption,
    heads,
    rows.map(({ texts }) => texts.map(escapeHtml)),
    (row) => ({ cell: rows[row]?.cell }),
  );
}

/** Facts with their details folded away. */
export function factsTable(caption: string, facts: readonly Fact[]): Html {
  return table(
    caption,
    [{ title: 'What' }, { title: 'Value' }],
    facts.map(([name, value, details = []]) => [
      escapeHtml(name),
      escapeHtml(value) +
        (details.length === 0
          ? ''
          : `<details class="more"><summary>Why</summary>${details.map((text) => `<p>${escapeHtml(text)}</p>`).join('')}</details>`),
    ]),
  );
}

/** A sentence of a verdict, whose figures keep their units: no line breaks between `2.2` and `s`. */
export function sentence(text: string): Html {
  return escapeHtml(text).replace(
    /(?<=\d) (?=%|(?:µs|ms|s|min|h|B|[KMGT]i?B|[kMG]bit)\b)/gu,
    '\u00a0',
  );
}

/** A figure with something smaller under it. */
export function withSub(text: string, sub: string): Html {
  return sub === ''
    ? escapeHtml(text)
    : `${escapeHtml(text)}<span class="sub">${escapeHtml(sub)}</span>`;
}

const copyNames = {
  markdown: 'Markdown',
  csv: 'CSV',
  'vega-lite': 'Vega-Lite',
  text: 'Copy',
} as const;

function copyTitle(title: string, format: keyof typeof copyNames): string {
  return format === 'text' ? title : `${title} as ${copyNames[format]}`;
}

/** Buttons that copy something in several forms; `of` names it to the page's program. */
export function copyButtons(
  of: string,
  title: string,
  formats: readonly (keyof typeof copyNames)[],
): Html {
  const buttons = formats.map(
    (format) =>
      `<button type="button" data-copy="${format}" data-of="${of}" data-what="${escapeHtml(copyTitle(title, format))}" aria-label="Copy ${escapeHtml(copyTitle(title, format))}">${copyNames[format]}</button>`,
  );
  const lead =
    formats[0] === 'text' ? '' : '<span class="muted" aria-hidden="true">Copy as</span> ';
  return `<div class="copy">${lead}${buttons.join(' ')}</div>`;
}
