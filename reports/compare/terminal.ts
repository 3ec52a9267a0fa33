/** A comparison on the terminal: the verdict, a table per cell, and what to know. */
import Table from 'cli-table3';
import type { CellComparison, Comparison, Verdict } from '../../harness/compare/types.ts';
import { escapeTerminal } from '../escape.ts';
import { gateLines, gateSentence } from './gate.ts';
import { noticesOf } from './notices.ts';
import {
  adjustedText,
  effectIntervalText,
  effectText,
  judgedText,
  medianText,
  methodText,
  proportionText,
  pText,
  titleOf,
  verdictLevels,
} from './words.ts';

export interface ComparisonTextOptions {
  /** Whether to use colours; by default where `NO_COLOR` is not set and stdout is a terminal. */
  readonly color?: boolean;
  /** Columns of the terminal; by default its own, or 100. */
  readonly width?: number;
}

const colors = { bad: 31, warning: 33, note: 2, good: 32 } as const;
const BOLD = 1;
const DIM = 2;

type Paint = (code: number, text: string) => string;

function defaultColor(): boolean {
  const noColor = process.env['NO_COLOR'];
  return (noColor === undefined || noColor === '') && process.stdout.isTTY;
}

/** The comparison as text, ending in a newline. Pure but for its defaults. */
export function terminalComparison(
  comparison: Comparison,
  options: ComparisonTextOptions = {},
): string {
  const color = options.color ?? defaultColor();
  const width = options.width ?? process.stdout.columns ?? 100;
  const paint: Paint = (code, text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const parts = [
    `${paint(BOLD, escapeTerminal(titleOf(comparison)))}: ${paint(colors[verdictLevels[comparison.verdict]], escapeTerminal(comparison.sentence))}`,
    ...comparison.cells.map((cell) => cellText(cell, paint)),
    ...noticesOf(comparison).map(({ level, text }) =>
      wrapped(`${level}: ${escapeTerminal(text)}`, width),
    ),
    paint(DIM, wrapped(methodText(comparison), width)),
    ...gateText(comparison.gate, paint),
  ];
  return `${parts.join('\n\n')}\n`;
}

function gateText(gate: Comparison['gate'], paint: Paint): readonly string[] {
  if (gate === undefined) return [];
  const lines = gateLines(gate).map((line) => `  ${escapeTerminal(line)}`);
  const color = gate.passed ? colors.good : colors.bad;
  return [[paint(color, escapeTerminal(gateSentence(gate))), ...lines].join('\n')];
}

function cellText({ label, completion, metrics }: CellComparison, paint: Paint): string {
  const table = new Table({
    head: ['', 'base', 'candidate', 'change', 'interval', 'p', ''].map((text) => paint(DIM, text)),
    colAligns: ['left', 'right', 'right', 'right', 'left', 'right', 'left'],
    chars: Object.fromEntries(
      ['top', 'bottom', 'left', 'right', 'mid']
        .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
        .concat('left-mid', 'mid-mid', 'right-mid', 'middle')
        .map((name) => [name, name === 'middle' ? '  ' : '']),
    ),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  const painted = (verdict: Verdict, text: string) => paint(colors[verdictLevels[verdict]], text);
  table.push([
    'Completed',
    proportionText(completion.base),
    proportionText(completion.candidate),
    '',
    '',
    pText(completion.adjustedP),
    painted(completion.verdict, judgedText(completion)),
  ]);
  for (const each of metrics) {
    table.push([
      each.metric.title,
      medianText(each.base, each.metric),
      medianText(each.candidate, each.metric),
      effectText(each),
      effectIntervalText(each),
      adjustedText(each),
      painted(each.verdict, judgedText(each)),
    ]);
  }
  const lines = table.toString().split('\n');
  return [paint(BOLD, escapeTerminal(label)), ...lines.map((line) => `  ${line.trimEnd()}`)].join(
    '\n',
  );
}

function wrapped(text: string, width: number): string {
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
  return [...lines, line].join('\n');
}
