/** Workload cards for readers: card.md and card.html beside card.json, and what the terminal shows. */
import { join } from 'node:path';
import type { Card } from '../../harness/characterize/card.ts';
import type { Prediction } from '../../harness/characterize/predict.ts';
import { writeFileAtomically } from '../../harness/record/durable.ts';
import { formatBitRate, formatBytes, formatDuration } from '../../harness/units.ts';
import { renderSvg } from '../charts/render-svg.ts';
import { escapeTerminal } from '../escape.ts';
import { dirtyCurveChart } from './chart.ts';
import { cardContent } from './content.ts';
import { rangeText } from './figures.ts';
import { plainErrorText, trustText } from './own-error.ts';
import { cardMarkdown, cardPage } from './pages.ts';

/** Write a card's pages into its directory; gives their paths. Pure but for that. */
export async function writeCardPages(folder: string, card: Card): Promise<readonly string[]> {
  const content = cardContent(card);
  const files: readonly (readonly [string, string])[] = [
    [join(folder, 'card.md'), cardMarkdown(content)],
    [join(folder, 'card.html'), cardPage(content, await renderSvg(dirtyCurveChart(card)))],
  ];
  for (const [path, text] of files) await writeFileAtomically(path, text);
  return files.map(([path]) => path);
}

/** A few lines for the terminal. */
export function cardSummary(card: Card): string {
  const { title, under, verdict, warnings } = cardContent(card);
  return [
    `${escapeTerminal(title)}: ${escapeTerminal(under)}`,
    escapeTerminal(verdict),
    ...warnings.map((warning) => `warning: ${escapeTerminal(warning)}`),
    '',
  ].join('\n');
}

const duration = (ms: number): string => (ms === 0 ? '0 ms' : formatDuration(ms));

/** What plain pre-copy requires, under the same conditions as the others. */
function marginText({
  requiredBandwidthBitsPerSecond,
  requiredDowntimeMs,
  isCapped,
}: Prediction): string {
  const required = `Plain pre-copy requires ${formatBitRate(requiredBandwidthBitsPerSecond)} for this limit.`;
  const where = `Over this link${isCapped ? ' under the cap' : ''}`;
  if (requiredDowntimeMs === 0)
    return `${required} ${where} no downtime is needed beyond that of the devices.`;
  return isCapped
    ? `${required} ${where} it needs a downtime limit of ${duration(requiredDowntimeMs)}.`
    : `${required} ${where} an endless pre-copy hovers at ${duration(requiredDowntimeMs)}.`;
}

/**
 * Predictions side by side, each with its reason.
 *
 * @param plain of plain pre-copy under the same conditions, whether it is one of them or not.
 */
export async function predictionText(
  card: Card,
  predictions: readonly Prediction[],
  plain: Prediction,
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const heads = ['setting', 'converges', 'total time', 'sent', 'downtime', 'passes', 'throttle'];
  const table = new Table({
    head: heads,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: Object.fromEntries(
      ['top', 'bottom', 'left', 'right', 'mid']
        .flatMap((side) => ['', '-mid', '-left', '-right'].map((end) => side + end))
        .concat('middle')
        .map((name) => [name, '']),
    ),
  });
  for (const prediction of predictions) {
    table.push([
      prediction.conditions.setting,
      prediction.convergence,
      rangeText(prediction.totalTimeMs, duration),
      rangeText(prediction.bytes, formatBytes),
      rangeText(prediction.downtimeMs, duration),
      prediction.passes === undefined ? '–' : String(prediction.passes.expected),
      prediction.throttlePercent === undefined ? '' : `${prediction.throttlePercent.expected}%`,
    ]);
  }
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const extrapolated = [...new Set(predictions.flatMap((prediction) => prediction.extrapolated))];
  const assumed =
    plain.costs === 'assumed'
      ? [
          'What the hosts cost is assumed, not measured (--calibration takes what validate measured).',
        ]
      : [];
  return [
    `${escapeTerminal(cardContent(card).title)}: ${escapeTerminal(cardContent(card).under)}`,
    '',
    ...lines,
    '',
    ...predictions.map(({ conditions, reason }) =>
      `${conditions.setting}: ${reason}. ${trustText(card, conditions.setting)}`.trimEnd(),
    ),
    '',
    marginText(plain),
    ...extrapolated.map((why) => `Extrapolated: ${why}`),
    ...assumed,
    plainErrorText(card),
    '',
  ].join('\n');
}
