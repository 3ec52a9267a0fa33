/** Standard output: results only, as tables for people or as JSON for programs. */

/** Print one JSON value. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A column: its title, and whether it holds numbers. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/** A table without rules: a line of titles, then one line per row. */
export async function tableText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const sides = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((end) => side + end),
  );
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: Object.fromEntries([...sides.map((name) => [name, '']), ['middle', GAP]]),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Text as paragraphs of lines no longer than `width`, each with an indent. */
export function wrapText(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent.length + longer.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  if (line !== '') lines.push(line);
  return lines.map((content) => `${indent}${content}\n`).join('');
}

/** Warnings on standard error, a line each, unless the user wants quiet. */
export async function printWarnings(warnings: readonly string[], quiet: unknown): Promise<void> {
  if (quiet === true || warnings.length === 0) return;
  const { escapeTerminal } = await import('../../reports/escape.ts');
  for (const warning of warnings) process.stderr.write(`warning: ${escapeTerminal(warning)}\n`);
}
