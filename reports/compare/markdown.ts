/** compare.md: the verdict, what was called, and a table, for a pull request or a CI summary. */
import type { Comparison } from '../../harness/compare/types.ts';
import { escapeMarkdown } from '../escape.ts';
import { gateLines, gateSentence } from './gate.ts';
import { noticesOf } from './notices.ts';
import {
  adjustedText,
  detectableText,
  effectIntervalText,
  effectText,
  findingsOf,
  judgedText,
  medianText,
  methodText,
  proportionText,
  pText,
  titleOf,
} from './words.ts';

const HEADS = [
  'Cell',
  'Metric',
  'n',
  'Base',
  'Candidate',
  'Change',
  'Interval',
  'p',
  'Seen from',
  'Verdict',
];

/** The whole of compare.md. */
export function markdownComparison(comparison: Comparison): string {
  const rows = comparison.cells.flatMap(({ label, completion, metrics }) => [
    [
      label,
      'Completed',
      `${completion.base?.n ?? 0}, ${completion.candidate?.n ?? 0}`,
      proportionText(completion.base),
      proportionText(completion.candidate),
      ...['', ''],
      pText(completion.adjustedP),
      '',
      judgedText(completion),
    ],
    ...metrics.map((each) => [
      label,
      each.metric.title,
      `${each.base.n}, ${each.candidate.n}`,
      medianText(each.base, each.metric),
      medianText(each.candidate, each.metric),
      effectText(each),
      effectIntervalText(each),
      adjustedText(each),
      detectableText(each),
      judgedText(each),
    ]),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const list = (texts: readonly string[]) =>
    texts.length === 0 ? '' : `${texts.map((text) => `- ${escapeMarkdown(text)}`).join('\n')}\n\n`;
  return (
    `# ${escapeMarkdown(titleOf(comparison))}\n\n**${escapeMarkdown(comparison.sentence)}**\n\n` +
    list(findingsOf(comparison).map(({ text }) => text)) +
    gateMarkdown(comparison.gate, list) +
    list(noticesOf(comparison).map(({ text }) => text)) +
    `${line(HEADS)}\n${line(HEADS.map(() => '---'))}\n` +
    `${rows.map((cells) => line(cells.map(escapeMarkdown))).join('\n')}\n\n` +
    `${escapeMarkdown(methodText(comparison))}\n`
  );
}

function gateMarkdown(
  gate: Comparison['gate'],
  list: (texts: readonly string[]) => string,
): string {
  return gate === undefined
    ? ''
    : `**${escapeMarkdown(gateSentence(gate))}**\n\n${list(gateLines(gate))}`;
}
