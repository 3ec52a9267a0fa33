/** The summary on the terminal at the end of a run: the verdict, a row per cell, and each thing to know once. */
import Table from 'cli-table3';
import { metricOf, type Metric } from '../harness/analysis/metrics.ts';
import type { Run } from '../harness/record/reader.ts';
import { escapeTerminal } from './escape.ts';
import { formatCellMedian } from './format.ts';
import { LABEL_SEPARATOR, outcomeText, otherOutcomes, type ReportCell } from './cell.ts';
import { buildModel } from './model.ts';
import type { Notice } from './notices.ts';

export interface TerminalOptions {
  /** Whether to use colours; by default where `NO_COLOR` is not set and stdout is a terminal. */
  readonly color?: boolean;
  /** Columns of the terminal; by default its own, or 100. */
  readonly width?: number;
  /** Thresholds beside those of the plan. */
  readonly thresholds?: readonly string[];
}

type Paint = (code: number, text: string) => string;

const RED = 31;
const YELLOW = 33;
const GREEN = 32;
const DIM = 2;
const BOLD = 1;

const columns: readonly (readonly [title: string, metric: Metric])[] = [
  ['total', metricOf('totalTimeMs')],
  ['downtime', metricOf('downtimeMs')],
  ['pause', metricOf('pauseMs')],
  ['sent', metricOf('transferredBytes')],
];

const MINIMUM_LABEL_WIDTH = 20;
const GAP = '  ';

function defaultColor(): boolean {
  const noColor = process.env['NO_COLOR'];
  return (noColor === undefined || noColor === '') && process.stdout.isTTY;
}

/** The summary, ending in a newline. Pure but for its defaults. */
export function terminalSummary(run: Run, options: TerminalOptions = {}): string {
  const color = options.color ?? defaultColor();
  const width = options.width ?? process.stdout.columns ?? 100;
  const paint: Paint = (code, text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const model = buildModel(run, options.thresholds);
  const verdictColor = { bad: RED, warning: YELLOW, note: GREEN, good: GREEN }[model.level];
  const parts = [
    `${paint(BOLD, escapeTerminal(run.environment.planName))}: ${paint(verdictColor, model.verdict)}`,
    ...(model.findings.length === 0
      ? []
      : [model.findings.map(({ text }) => findingText(text, width)).join('\n')]),
    ...(model.cells.length === 0 ? [] : [cellTable(model.cells, width, paint)]),
    ...(model.notices.length === 0
      ? []
      : [
          fewNotes(model.notices)
            .map((notice) => noticeText(notice, width, paint))
            .join('\n'),
        ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Notes beyond these are in the report: what was skipped on purpose must not push the table off the screen. */
const MOST_NOTES = 5;

function fewNotes(notices: readonly Notice[]): readonly Notice[] {
  const notes = notices.filter(({ level }) => level === 'note');
  const rest = notes.length - MOST_NOTES;
  if (rest < 2) return notices;
  return [
    ...notices.filter(({ level }) => level !== 'note'),
    ...notes.slice(0, MOST_NOTES),
    { level: 'note', text: `${rest} more notes are in the report.` },
  ];
}

function cellTable(cells: readonly ReportCell[], width: number, paint: Paint): string {
  const labels = cells.map((cell) => escapeTerminal(cell.label));
  const longest = Math.max(...labels.map((label) => label.length));
  const figures = cells.map((cell) =>
    columns.map(([, metric]) => formatCellMedian(cell, metric.key)),
  );
  const roomBeside = (outcomes: readonly string[]) =>
    ['completed', ...columns.map(([title]) => title)]
      .map((title, i) =>
        Math.max(
          title.length,
          ...cells.map((_, row) => (i === 0 ? outcomes[row] : figures[row]?.[i - 1])?.length ?? 0),
        ),
      )
      .reduce((room, length) => room - length - GAP.length, width);
  // What else became of a cell's trials is said below the table too: it goes first where there is little room.
  const detailed = cells.map((cell) => outcomeText(cell) + details(cell));
  const outcomes = roomBeside(detailed) >= longest ? detailed : cells.map(outcomeText);
  const room = Math.max(MINIMUM_LABEL_WIDTH, roomBeside(outcomes));
  const table = new Table({
    head: ['cell', 'completed', ...columns.map(([title]) => title)].map((t) => paint(DIM, t)),
    colAligns: ['left', 'left', ...columns.map(() => 'right' as const)],
    chars: Object.fromEntries(
      ['top', 'bottom', 'left', 'right', 'mid']
        .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
        .concat('left-mid', 'mid-mid', 'right-mid', 'middle')
        .map((name) => [name, name === 'middle' ? GAP : '']),
    ),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const [i, cell] of cells.entries()) {
    table.push([
      folded(labels[i] ?? '', room),
      paintOutcome(cell, outcomes[i] ?? '', paint),
      ...(figures[i] ?? []),
    ]);
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A label over as many lines as it needs, broken between its parts. */
function folded(label: string, width: number): string {
  const lines: string[] = [];
  for (const part of label.split(LABEL_SEPARATOR)) {
    const last = lines.at(-1);
    const joined = last === undefined ? part : last + LABEL_SEPARATOR + part;
    if (joined.length <= width) lines.splice(-1, 1, joined);
    else lines.push(shortened(last === undefined ? part : `  ${part}`, width));
  }
  return lines.join('\n');
}

/** Both ends of a label say something: the middle goes. */
function shortened(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${characters.slice(0, width - 1 - tail).join('')}…${characters.slice(-tail).join('')}`;
}

function details(cell: ReportCell): string {
  const others = otherOutcomes(cell);
  return cell.completed === undefined || others === '' ? '' : ` (${others})`;
}

function paintOutcome(cell: ReportCell, text: string, paint: Paint): string {
  if (cell.outcomes.failed > 0) return paint(RED, text);
  if (cell.outcomes['not-converged'] > 0 || cell.outcomes.invalid > 0) return paint(YELLOW, text);
  return cell.completed === undefined ? paint(DIM, text) : text;
}

const marks: Readonly<Record<Notice['level'], readonly [mark: string, color: number]>> = {
  bad: ['FAILED ', RED],
  warning: ['warning', YELLOW],
  note: ['note   ', DIM],
};

/** A sentence of the verdict, folded under its mark. */
function findingText(text: string, width: number): string {
  return wrapped(escapeTerminal(text), width - 2)
    .map((line, i) => `${i === 0 ? '•' : ' '} ${line}`)
    .join('\n');
}

function noticeText(notice: Notice, width: number, paint: Paint): string {
  const [mark, color] = marks[notice.level];
  const indent = ' '.repeat(mark.length + 1);
  const body = wrapped(escapeTerminal(notice.text), width - indent.length);
  const remedy =
    notice.remedy === undefined
      ? []
      : wrapped(`→ ${escapeTerminal(notice.remedy)}`, width - indent.length);
  return [...body, ...remedy]
    .map((line, i) => (i === 0 ? `${paint(color, mark)} ${line}` : indent + line))
    .join('\n');
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
