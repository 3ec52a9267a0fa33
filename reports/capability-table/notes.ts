/** Numbered notes below a table: equal texts have the same number. */
import { escapeMarkdown } from '../escape.ts';
import type { Verdict } from './verdict.ts';

export class Notes {
  readonly #texts: string[] = [];

  /** A verdict as a table's cell, with the number of its note. */
  cell({ text, note }: Verdict): string {
    if (note === undefined) return text;
    let index = this.#texts.indexOf(note);
    if (index === -1) index = this.#texts.push(note) - 1;
    return `${text} (${index + 1})`;
  }

  /** The notes as a list; empty where there are none. */
  lines(): string[] {
    return this.#texts.map((text, index) => `${index + 1}. ${escapeMarkdown(text)}`);
  }
}

/** A Markdown table; the first column is text, as the others. */
export function markdownTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)];
}
