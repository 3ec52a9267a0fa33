/** summary.md: a run on half a page, for the summary of a CI job or a comment; report.md has all figures. */
import { escapeMarkdown } from '../escape.ts';
import { counted } from '../format.ts';
import { figuresTable, noticeLine } from '../markdown.ts';
import type { ReportModel } from '../model.ts';
import { resultsOf } from '../results.ts';

/** Rows beyond this are counted: a summary that nobody scrolls through says nothing. */
const MOST_CELLS = 50;
const MOST_NOTICES = 20;

const marks = { bad: '❌', warning: '⚠️', note: '✅', good: '✅' } as const;

/** The whole of summary.md. */
export function summaryMarkdown(model: ReportModel): string {
  const results = resultsOf(model);
  const grave = model.notices.filter(({ level }) => level !== 'note');
  const more = (count: number, noun: string, where: string) =>
    count <= 0 ? [] : ['', `… and ${counted(count, `more ${noun}`)}: see ${where}.`];
  return [
    `## ${marks[model.level]} ${escapeMarkdown(model.run.environment.planName)}`,
    '',
    `**${escapeMarkdown(model.verdict)}**`,
    '',
    ...grave.slice(0, MOST_NOTICES).map(noticeLine),
    ...more(grave.length - MOST_NOTICES, 'notice', 'report.md'),
    ...(grave.length === 0 ? [] : ['']),
    ...(model.cells.length === 0
      ? ['No trial has been recorded.']
      : figuresTable({ ...results, rows: results.rows.slice(0, MOST_CELLS) })),
    ...more(results.rows.length - MOST_CELLS, 'cell', 'report.md'),
    '',
    'Medians over the completed trials of a cell, with the 95 % interval of the median where there are six or more.',
    '',
  ].join('\n');
}
