/**
 * The capacity guide: per class of workload, memory and link, what a migration takes; how many guests a link moves in a
 * maintenance window; and what that rests on. Measured and predicted figures are told apart in every row, and every row
 * names the cell or the card that it comes from.
 */
import { metricSummary, summarizeCells } from '../../harness/analysis/cells.ts';
import type { Card } from '../../harness/characterize/card.ts';
import { assumedCosts } from '../../harness/characterize/conditions.ts';
import type { Prediction } from '../../harness/characterize/predict.ts';
import { recommend, workloadOf } from '../../harness/characterize/recommend.ts';
import type { Run } from '../../harness/record/reader.ts';
import { formatBitRate, formatBytes, formatDuration } from '../../harness/units.ts';
import { bandwidthOf } from '../charts/convergence-map.ts';
import { outcomeText } from '../cell.ts';
import { formatCellMedian, formatMedian, UNKNOWN } from '../format.ts';
import { ownErrorText, rangeText, type CardContent, type CardTable } from '../card/content.ts';

export interface GuideInputs {
  readonly runs: readonly Run[];
  /** With the path that each was read from. */
  readonly cards: readonly { readonly path: string; readonly card: Card }[];
  /** Of the maintenance window, ms. */
  readonly windowMs: number;
  readonly downtimeLimitMs: number;
}

/** A migration, measured or predicted, as the guide counts with it. */
interface Row {
  readonly workload: string;
  readonly memoryBytes: number;
  readonly setting: string;
  readonly bandwidthBitsPerSecond: number;
  readonly kind: 'measured' | 'predicted';
  readonly outcome: string;
  readonly time: string;
  readonly pause: string;
  readonly blackout: string;
  readonly bytes: string;
  /** What to reckon with: the worst seen, or the upper end of the interval; absent where it may not end. */
  readonly longestMs?: number;
  readonly from: string;
}

/** Links that cards are asked about, beside those of the runs. */
const USUAL_LINKS = [1e9, 10e9, 25e9] as const;
/** Between two guests: choosing the next, starting its destination, ms. */
const BETWEEN_MS = 5_000;
/** Of a maintenance window, the part that is planned with. */
const HEADROOM = 0.8;

/** All that a guide says. */
export function guideContent(inputs: GuideInputs): CardContent {
  const { runs, cards, windowMs } = inputs;
  const rows = [...runs.flatMap(measuredRows), ...predictedRows(inputs)].sort(
    (one, other) =>
      one.workload.localeCompare(other.workload) ||
      one.memoryBytes - other.memoryBytes ||
      one.bandwidthBitsPerSecond - other.bandwidthBitsPerSecond ||
      one.kind.localeCompare(other.kind),
  );
  const measured = rows.filter(({ kind }) => kind === 'measured').length;
  return {
    title: 'Capacity guide for live migration',
    under: `${measured} measured and ${rows.length - measured} predicted classes, from ${counted(runs.length, 'run')} and ${counted(cards.length, 'workload card')}`,
    verdict: verdict(rows, windowMs),
    warnings: warningsOf(inputs),
    tables: [classes(rows), windows(rows, windowMs), ...needs(cards)],
    notes: notes(inputs),
  };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function measuredRows(run: Run): Row[] {
  return summarizeCells(run.records).flatMap((cell) => {
    const [record] = cell.records;
    const rate = bandwidthOf({ ...cell, label: '' });
    if (record === undefined || cell.completed === undefined) return [];
    const total = metricSummary(cell, 'totalTimeMs');
    return [
      {
        workload: cell.labels.workload,
        memoryBytes: record.guest.memoryBytes,
        setting: cell.labels.setting,
        bandwidthBitsPerSecond: rate,
        kind: 'measured' as const,
        outcome: `${outcomeText(cell)} completed`,
        time: formatMedian(total),
        pause: formatMedian(metricSummary(cell, 'pauseMs')),
        blackout: formatCellMedian(cell, 'blackoutMs'),
        bytes: formatMedian(metricSummary(cell, 'transferredBytes')),
        ...(total === undefined || total.max.censored ? {} : { longestMs: total.max.value }),
        from: `${run.environment.runId} ${cell.cellId}`,
      },
    ];
  });
}

function predictedRows({ runs, cards, downtimeLimitMs }: GuideInputs): Row[] {
  const seen = runs.flatMap(({ records }) =>
    records.map(({ link }) => link.bandwidthBitsPerSecond),
  );
  const links = [
    ...new Set([...seen.filter((rate) => typeof rate === 'number'), ...USUAL_LINKS]),
  ].sort((one, other) => one - other);
  return cards.flatMap(({ path, card }) =>
    links.map((bandwidthBitsPerSecond): Row => {
      const zlib = card.zlibBytesPerSecond;
      const costs =
        zlib === undefined ? assumedCosts : { ...assumedCosts, zlibBytesPerSecond: zlib };
      const { mode, prediction } = recommend(
        workloadOf(card),
        bandwidthBitsPerSecond,
        costs,
        downtimeLimitMs,
      );
      return {
        workload: card.title ?? card.workload,
        memoryBytes: card.guest.memoryBytes,
        setting: mode === 'do-not-move' ? 'do not move' : mode,
        bandwidthBitsPerSecond,
        kind: 'predicted',
        ...predictedFigures(prediction),
        blackout: UNKNOWN,
        from: path,
      };
    }),
  );
}

function predictedFigures(prediction: Prediction | undefined) {
  const { convergence, totalTimeMs, bytes, downtimeMs } = prediction ?? {};
  return {
    outcome: convergence === undefined ? UNKNOWN : `converges: ${convergence}`,
    time: rangeText(totalTimeMs, formatDuration),
    pause: rangeText(downtimeMs, formatDuration),
    bytes: rangeText(bytes, formatBytes),
    ...(totalTimeMs?.high === undefined ? {} : { longestMs: totalTimeMs.high }),
  };
}

/** How many guests, one after the other, a link moves within the window. */
function guestsIn(windowMs: number, longestMs: number): number {
  return Math.floor((windowMs * HEADROOM) / (longestMs + BETWEEN_MS));
}

function verdict(rows: readonly Row[], windowMs: number): string {
  const slow = rows.filter(({ longestMs }) => longestMs === undefined);
  const counts = rows.flatMap(({ longestMs }) =>
    longestMs === undefined ? [] : [guestsIn(windowMs, longestMs)],
  );
  const parts = [
    counts.length === 0
      ? 'No class of guests here can be moved with certainty.'
      : `In a maintenance window of ${formatDuration(windowMs)} one link moves ${Math.min(...counts)} to ${Math.max(...counts)} guests one after the other, by class and link.`,
    ...(slow.length === 0
      ? []
      : [
          `For ${slow.length} of ${rows.length} rows there is no bound on the time: do not plan with them.`,
        ]),
  ];
  return parts.join(' ');
}

function classes(rows: readonly Row[]): CardTable {
  return {
    caption: 'Classes: what a migration takes (measured: medians; predicted: with the interval)',
    heads: [
      'workload',
      'memory',
      'link',
      'setting',
      'kind',
      'outcome',
      'time',
      'pause',
      'blackout',
      'bytes',
      'from',
    ],
    prose: [3, 4, 5, 10],
    rows: rows.map((row) => [
      row.workload,
      formatBytes(row.memoryBytes),
      linkText(row),
      row.setting,
      row.kind,
      row.outcome,
      ...[row.time, row.pause, row.blackout, row.bytes, row.from],
    ]),
  };
}

function linkText({ bandwidthBitsPerSecond: rate }: Row): string {
  return Number.isFinite(rate) ? formatBitRate(rate) : 'unlimited';
}

function windows(rows: readonly Row[], windowMs: number): CardTable {
  return {
    caption: `Guests per maintenance window: how many a link moves within ${formatDuration(windowMs)}, one after the other`,
    heads: ['workload', 'memory', 'link', 'setting', 'kind', 'reckon with', 'guests', 'moved'],
    prose: [3, 4],
    rows: rows.map((row) => {
      const guests = row.longestMs === undefined ? undefined : guestsIn(windowMs, row.longestMs);
      return [
        ...[row.workload, formatBytes(row.memoryBytes), linkText(row), row.setting, row.kind],
        row.longestMs === undefined ? 'no bound' : formatDuration(row.longestMs),
        guests === undefined ? '0' : String(guests),
        guests === undefined ? UNKNOWN : `${formatBytes(guests * row.memoryBytes)} of guests`,
      ];
    }),
  };
}

function needs(cards: GuideInputs['cards']): CardTable[] {
  if (cards.length === 0) return [];
  const limits =
    cards[0]?.card.requiredBandwidth.map(({ downtimeLimitMs }) => downtimeLimitMs) ?? [];
  return [
    {
      caption:
        'Required bandwidth: what pre-copy of each class needs for a downtime limit (predicted from its dirty curve)',
      heads: ['workload', 'memory', ...limits.map((limit) => formatDuration(limit)), 'working set'],
      rows: cards.map(({ card }) => [
        card.title ?? card.workload,
        formatBytes(card.guest.memoryBytes),
        ...card.requiredBandwidth.map(({ bitsPerSecond }) => formatBitRate(bitsPerSecond)),
        formatBytes(card.workingSetBytes),
      ]),
    },
  ];
}

function warningsOf({ runs, cards }: GuideInputs): string[] {
  const accelerators = new Set([
    ...runs.flatMap(({ records }) => records.flatMap(({ accelerator }) => accelerator ?? [])),
    ...cards.map(({ card }) => card.accelerator),
  ]);
  const versions = new Set([
    ...runs.flatMap(({ records }) => records.map(({ qemu }) => qemu.source.version)),
    ...cards.map(({ card }) => card.qemu.version),
  ]);
  return [
    ...(accelerators.has('tcg')
      ? [
          'Guests ran under TCG (emulation): they dirty memory at another speed than under KVM. Measure anew on the hosts that are to be planned.',
        ]
      : []),
    ...(accelerators.size > 1
      ? ['Some guests ran under KVM and some under TCG: do not compare those rows.']
      : []),
    ...(versions.size > 1
      ? [
          `Several QEMUs: ${[...versions].sort().join(', ')}. A row is of the one that its run or card names.`,
        ]
      : []),
    ...(runs.some(({ environment }) => environment.repetitions < 3)
      ? ['Some classes were measured fewer than three times: their worst case is a guess.']
      : []),
  ];
}

function notes({ runs, cards, windowMs, downtimeLimitMs }: GuideInputs): string[] {
  const errors = [...new Set(cards.map(({ card }) => ownErrorText(card.ownError)))];
  return [
    `Headroom: a window of ${formatDuration(windowMs)} is planned with ${HEADROOM * 100} % of it; each guest is reckoned with the longest time that was measured, or the upper end of its interval, and ${formatDuration(BETWEEN_MS)} between two guests. The link carries nothing else meanwhile: share it, and ask for the part that is left.`,
    `Predicted rows are of the recommended mode for a downtime limit of ${formatDuration(downtimeLimitMs)}; their pause is the predicted downtime, and a blackout is not predicted.`,
    ...errors,
    ...runs.map(
      ({ environment: { runId, planName, startedAt, host, repetitions, migbench }, directory }) =>
        `Run ${runId} (${directory}): plan ${planName}, begun ${startedAt}, ${counted(repetitions, 'repetition')}, on ${host.cpus} × ${host.cpuModel}, migbench ${migbench}.`,
    ),
    ...cards.map(
      ({ path, card }) =>
        `Card ${path}: ${card.title ?? card.workload}, ${card.createdAt}, QEMU ${card.qemu.version} (${card.qemu.reference}) under ${card.accelerator.toUpperCase()}, on ${card.host ?? 'unknown'}.`,
    ),
    'Again on your own hosts: migbench characterize PLAN --out cards; migbench run PLAN --out runs/own --repetitions 5; migbench validate; migbench guide runs/own cards/*.',
  ];
}
