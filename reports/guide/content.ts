/**
 * The capacity guide: per class of workload, memory and link, what a migration takes; how many guests a link moves in a
 * maintenance window; and what that rests on. Measured and predicted figures are told apart in every row, and every row
 * names the cell or the card that it comes from.
 */
import { assumedCosts } from '../../harness/characterize/conditions.ts';
import { formatByteRate, formatBytes, formatDuration } from '../../harness/units.ts';
import { counted, UNKNOWN } from '../format.ts';
import { groupsOf } from '../groups.ts';
import { requiredText, type CardContent, type CardTable } from '../card/content.ts';
import { EXTRAPOLATED_NOTE, hasMark, isOutside, marked } from '../card/figures.ts';
import { modesTrust, plainErrorText } from '../card/own-error.ts';
import { cardMark, guestText, rowsOf, runMark, type GuideInputs, type Row } from './rows.ts';

export type { GuideInputs } from './rows.ts';

/** Between two guests: choosing the next, starting its destination, ms. */
const BETWEEN_MS = 5_000;
/** Of a maintenance window, the part that is planned with. */
const HEADROOM = 0.8;

/** All that a guide says. */
export function guideContent(inputs: GuideInputs): CardContent {
  const { runs, cards, windowMs } = inputs;
  const rows = rowsOf(inputs);
  const tables = [classes(rows), windows(rows, windowMs), ...needs(cards)];
  const measured = rows.filter(({ kind }) => kind === 'measured').length;
  return {
    title: 'Capacity guide for live migration',
    under: `${measured} measured and ${rows.length - measured} predicted classes, from ${counted(runs.length, 'run')} and ${counted(cards.length, 'workload card')}`,
    verdict: verdict(rows, windowMs),
    warnings: warningsOf(inputs, rows),
    tables,
    notes: [...(hasMark(tables) ? [EXTRAPOLATED_NOTE] : []), ...notes(inputs, rows)],
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
      'guest',
      'QEMU',
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
    prose: [4, 5, 6, 11],
    rows: rows.map((row) => [
      row.workload,
      row.guest,
      row.qemu,
      row.link,
      row.setting,
      row.kind,
      row.outcome,
      ...[row.time, row.pause, row.blackout, row.bytes, row.from],
    ]),
  };
}

function windows(rows: readonly Row[], windowMs: number): CardTable {
  return {
    caption: `Guests per maintenance window: how many a link moves within ${formatDuration(windowMs)}, one after the other`,
    heads: [
      ...['workload', 'guest', 'QEMU', 'link', 'setting', 'kind'],
      ...['reckon with', 'guests', 'moved', 'from'],
    ],
    prose: [4, 5, 9],
    rows: rows.map((row) => {
      const guests = row.longestMs === undefined ? undefined : guestsIn(windowMs, row.longestMs);
      return [
        ...[row.workload, row.guest, row.qemu, row.link, row.setting, row.kind],
        row.longestMs === undefined
          ? 'no bound'
          : marked(formatDuration(row.longestMs), row.isExtrapolated === true),
        guests === undefined ? '0' : String(guests),
        guests === undefined ? UNKNOWN : `${formatBytes(guests * row.memoryBytes)} of guests`,
        row.from,
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
      heads: [
        ...['workload', 'guest', 'QEMU'],
        ...limits.map((limit) => formatDuration(limit)),
        ...['working set', 'from'],
      ],
      prose: [limits.length + 4],
      rows: cards.map(({ card }, index) => [
        card.title ?? card.workload,
        guestText(card.guest),
        card.qemu.version,
        ...card.requiredBandwidth.map(({ bitsPerSecond, downtimeLimitMs }) =>
          marked(requiredText(bitsPerSecond), isOutside(card, downtimeLimitMs)),
        ),
        formatBytes(card.workingSetBytes),
        cardMark(index),
      ]),
    },
  ];
}

function warningsOf({ runs, cards }: GuideInputs, rows: readonly Row[]): string[] {
  const accelerators = new Set([
    ...runs.flatMap(({ records }) => records.flatMap(({ accelerator }) => accelerator ?? [])),
    ...cards.map(({ card }) => card.accelerator),
  ]);
  const versions = new Set([
    ...runs.flatMap(({ records }) =>
      records.flatMap(({ qemu }) => [qemu.source.version, qemu.destination.version]),
    ),
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
    ...(rows.some(({ longestMs, repetitions = 3 }) => longestMs !== undefined && repetitions < 3)
      ? ['Some classes were measured fewer than three times: their worst case is a guess.']
      : []),
    ...cardWarnings(cards),
  ];
}

/** What cards say against themselves, each sentence with the cards that say it. */
function cardWarnings(cards: GuideInputs['cards']): string[] {
  const said = groupsOf(
    cards.flatMap(({ card }, index) =>
      [...new Set(card.warnings)].map((warning) => ({ warning, mark: cardMark(index) })),
    ),
    ({ warning }) => warning,
  );
  return [...said].map(([warning, by]) => `${by.map(({ mark }) => mark).join(', ')}: ${warning}`);
}

/** How good the predictions of each card were found to be: of pre-copy, and of the modes that are recommended here. */
function errorNotes(cards: GuideInputs['cards'], rows: readonly Row[]): string[] {
  const said = groupsOf(
    cards.flatMap(({ card }, index) => {
      const mark = cardMark(index);
      const modes = rows.flatMap(({ from, mode }) => (from === mark ? (mode ?? []) : []));
      return [plainErrorText(card), ...modesTrust(card, modes)].map((text) => ({ text, mark }));
    }),
    ({ text }) => text,
  );
  return [...said].map(([text, by]) => `${by.map(({ mark }) => mark).join(', ')}: ${text}`);
}

/** Trials of each class of a run that count: `5 repetitions`, `2 to 5 repetitions`. */
function repetitionsText(rows: readonly Row[], mark: string): string {
  const counts = rows.flatMap(({ from, repetitions }) =>
    repetitions !== undefined && from.startsWith(`${mark} `) ? [repetitions] : [],
  );
  if (counts.length === 0) return 'nothing measured that counts';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? counted(most, 'repetition') : `${least} to ${most} repetitions`;
}

function acceleratorText({ records }: GuideInputs['runs'][number]): string {
  const used = [...new Set(records.flatMap(({ accelerator }) => accelerator ?? []))].sort();
  return used.length === 0
    ? 'under an unknown accelerator'
    : `under ${used.map((name) => name.toUpperCase()).join(' and ')}`;
}

function notes(
  { runs, cards, windowMs, downtimeLimitMs }: GuideInputs,
  rows: readonly Row[],
): string[] {
  const { streamBytesPerSecond, deviceMs } = assumedCosts;
  return [
    `Headroom: a window of ${formatDuration(windowMs)} is planned with ${HEADROOM * 100} % of it; each guest is reckoned with the longest time that was measured (the copy of a disk of its own and the reading of its file are part of it), or the upper end of its interval, and ${formatDuration(BETWEEN_MS)} between two guests; a class of which a trial did not complete has no bound. The link carries nothing else meanwhile: share it, and ask for the part that is left.`,
    `Predicted rows are of the recommended mode for a downtime limit of ${formatDuration(downtimeLimitMs)}; their pause is the predicted downtime, and a blackout is not predicted. They reckon with hosts of which one stream carries ${formatByteRate(streamBytesPerSecond)} and whose devices take ${formatDuration(deviceMs.expected)} (${formatDuration(deviceMs.low)} – ${formatDuration(deviceMs.high)}), which is assumed; above 10 Gbit/s that is what counts.`,
    'Each row names where it comes from: a run and the end of a cell’s id (trials.csv has them), or a card.',
    ...errorNotes(cards, rows),
    ...runs.map((run, index) => {
      const { runId, planName, startedAt, host, migbench } = run.environment;
      const mark = runMark(index);
      return `${mark}: run ${runId} (${run.directory}): plan ${planName}, begun ${startedAt}, ${repetitionsText(rows, mark)}, ${acceleratorText(run)}, on ${host.cpus} × ${host.cpuModel}, migbench ${migbench}.`;
    }),
    ...cards.map(
      ({ path, card }, index) =>
        `${cardMark(index)}: card ${path}: ${card.title ?? card.workload}, ${card.createdAt}, QEMU ${card.qemu.version} (${card.qemu.reference}) under ${card.accelerator.toUpperCase()}, on ${card.host ?? 'unknown'}.`,
    ),
    'Again on your own hosts: migbench characterize PLAN --out cards; migbench run PLAN --out runs/own --repetitions 5; migbench validate; migbench guide runs/own cards.',
  ];
}
