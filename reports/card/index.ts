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
import { ownErrorText, trustText } from './own-error.ts';
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

/** Predictions side by side, each with its reason. */
export async function predictionText(
  card: Card,
  predictions: readonly Prediction[],
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
  const [first] = predictions;
  const extrapolated = [...new Set(predictions.flatMap((prediction) => prediction.extrapolated))];
  const margin =
    first === undefined
      ? []
      : [
          `Required for this limit: ${formatBitRate(first.requiredBandwidthBitsPerSecond)}. ` +
            (first.requiredDowntimeMs === 0
              ? 'Over this link no downtime is needed beyond that of the devices.'
              : `Over this link an endless pre-copy hovers at ${duration(first.requiredDowntimeMs)}.`),
        ];
  const assumed =
    first?.costs === 'assumed'
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
    ...margin,
    ...extrapolated.map((why) => `Extrapolated: ${why}`),
    ...assumed,
    ownErrorText(card.ownError),
    '',
  ].join('\n');
}
