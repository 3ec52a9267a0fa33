/** Small parts of HTML pages; whatever is given as text is escaped here. */
import { escapeHtml } from '../escape.ts';

/** HTML that is finished: made here, not to be escaped again. */
export type Html = string;

export interface Column {
  readonly title: string;
  /** Right-aligned, not wrapped. */
  readonly figure?: boolean;
}

/** A table that scrolls sideways where it is too wide; the first cell of a row is its heading. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Html[])[],
): Html {
  const kind = (i: number) => (columns[i]?.figure === true ? 'figure' : 'name');
  const head = columns
    .map(({ title }, i) => `<th scope="col" class="${kind(i)}">${escapeHtml(title)}</th>`)
    .join('');
  const body = rows
    .map((cells) => {
      const line = cells.map((cell, i) =>
        i === 0
          ? `<th scope="row" class="${kind(i)}">${cell}</th>`
          : `<td class="${kind(i)}">${cell}</td>`,
      );
      return `<tr>${line.join('')}</tr>`;
    })
    .join('\n');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table>
<caption><span>${escapeHtml(caption)}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody></table></div>`;
}

/** A figure with something smaller under it. */
export function withSub(text: string, sub: string): Html {
  return sub === ''
    ? escapeHtml(text)
    : `${escapeHtml(text)}<span class="sub">${escapeHtml(sub)}</span>`;
}
