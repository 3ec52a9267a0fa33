/** What a card's page says, before it is Markdown or HTML: one page for whoever plans capacity. */
import type { Card } from '../../harness/characterize/card.ts';
import { assumedCosts } from '../../harness/characterize/conditions.ts';
import { needsSeveralStreams } from '../../harness/characterize/recommend.ts';
import {
  formatBitRate,
  formatByteRate,
  formatBytes,
  formatDuration,
  formatPercent,
} from '../../harness/units.ts';
import { UNKNOWN } from '../format.ts';
import { EXTRAPOLATED_NOTE, hasMark, isOutside, marked, modeText, rangeText } from './figures.ts';
import { modesTrust, ownErrors, plainErrorText } from './own-error.ts';

/** A table: its first column holds names, the others figures, unless it is prose. */
export interface CardTable {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of words. */
  readonly prose?: readonly number[];
}

export interface CardContent {
  readonly title: string;
  /** Under what it was measured, in one line. */
  readonly under: string;
  /** The whole card in a sentence or two. */
  readonly verdict: string;
  readonly warnings: readonly string[];
  readonly tables: readonly CardTable[];
  /** What it rests on. */
  readonly notes: readonly string[];
}

/** The type of the figures in a card, whose absent bound may be written `undefined`. */
type CardRange = { low: number; expected: number; high?: number | undefined } | undefined;

const text = (range: CardRange, format: (value: number) => string): string =>
  rangeText(
    range === undefined
      ? undefined
      : {
          low: range.low,
          expected: range.expected,
          ...(range.high === undefined ? {} : { high: range.high }),
        },
    format,
  );

const duration = (ms: number): string => (ms === 0 ? '0 ms' : formatDuration(ms));

/** All that a card's page says. */
export function cardContent(card: Card): CardContent {
  const predicted = [bandwidths(card), downtimes(card)];
  return {
    title: card.title ?? card.workload,
    under:
      `${formatBytes(card.guest.memoryBytes)}, ${card.guest.vcpus} vCPU, ${card.accelerator.toUpperCase()}, ` +
      `QEMU ${card.qemu.version} (${card.qemu.reference}), ${card.createdAt.slice(0, 16).replace('T', ' ')} UTC`,
    verdict: verdict(card),
    warnings: card.warnings,
    tables: [...predicted, curve(card), facts(card), ...checks(card), ...ownErrors(card)],
    notes: [...(hasMark(predicted) ? [EXTRAPOLATED_NOTE] : []), ...notes(card)],
  };
}

function verdict(card: Card): string {
  const usual = card.requiredBandwidth.find(({ downtimeLimitMs }) => downtimeLimitMs === 300);
  const [slowest] = card.requiredDowntime;
  const parts = [
    `Its writable working set is ${formatBytes(card.workingSetBytes)} of ${formatBytes(card.nonZeroBytes)} in use.`,
    ...(usual === undefined
      ? []
      : [`Pre-copy needs ${formatBitRate(usual.bitsPerSecond)} for a downtime of 300 ms.`]),
    ...(slowest === undefined
      ? []
      : [
          `Over ${formatBitRate(slowest.bandwidthBitsPerSecond)}: ${modeText(slowest.recommended, slowest.channels)} (${slowest.why}).`,
        ]),
    phasesText(card),
  ];
  return parts.join(' ');
}

/** A bandwidth that pre-copy would need, and what the hosts' one stream makes of it. */
export function requiredText(bitsPerSecond: number): string {
  const several = needsSeveralStreams(bitsPerSecond, assumedCosts)
    ? ' (needs several streams)'
    : '';
  return `${formatBitRate(bitsPerSecond)}${several}`;
}

function phasesText({ phases }: Card): string {
  switch (phases.kind) {
    case 'steady':
      return 'It did the same all the time.';
    case 'unknown':
      return `Whether it did the same all the time is not known: ${phases.detail}.`;
    case 'phases':
    case 'drift': {
      const levels = (phases.levels ?? []).map((bytes) => formatBytes(bytes)).join(' and ');
      const name = phases.kind === 'phases' ? 'It has phases' : 'It drifts';
      return `${name}: ${phases.detail} (${levels} per ${duration(phases.windowMs ?? 0)}).`;
    }
  }
}

function bandwidths(card: Card): CardTable {
  return {
    caption:
      'Required bandwidth: what the link must carry for a downtime limit, and what a migration over 1.25 times that takes',
    heads: ['downtime limit', 'required', 'total time', 'sent', 'downtime'],
    rows: card.requiredBandwidth.map((row) => [
      duration(row.downtimeLimitMs),
      marked(requiredText(row.bitsPerSecond), isOutside(card, row.downtimeLimitMs)),
      ...figures(row),
    ]),
  };
}

function downtimes(card: Card): CardTable {
  return {
    caption:
      'Required downtime: where an endless pre-copy (one stream) hovers, and the recommended mode for a downtime limit of 300 ms',
    heads: ['link', 'required', 'recommended', 'total time', 'sent', 'downtime', 'why'],
    prose: [2, 6],
    rows: card.requiredDowntime.map((row) => [
      formatBitRate(row.bandwidthBitsPerSecond),
      row.ms === 0 ? 'none' : marked(duration(row.ms), isOutside(card, row.ms)),
      modeText(row.recommended, row.channels),
      ...figures(row),
      row.why,
    ]),
  };
}

/** Total time, bytes and downtime. */
function figures({
  totalTimeMs,
  bytes,
  downtimeMs,
  extrapolated = [],
}: Card['requiredBandwidth'][number] | Card['requiredDowntime'][number]): string[] {
  return [text(totalTimeMs, duration), text(bytes, formatBytes), text(downtimeMs, duration)].map(
    (figure) => marked(figure, extrapolated.length > 0),
  );
}

function curve(card: Card): CardTable {
  return {
    caption:
      'Dirty curve: unique bytes dirtied within a window (10th to 90th percentile, or all below ten windows)',
    heads: ['window', 'dirtied', 'spread', 'per second', 'windows', 'not overlapping'],
    rows: card.dirtyCurve.map(
      ({ windowMs, uniqueDirtyBytes: { n, median, low, high, independent } }) => [
        duration(windowMs),
        formatBytes(median),
        `${formatBytes(low)} – ${formatBytes(high)}`,
        formatByteRate((median * 1000) / windowMs),
        String(n),
        independent === undefined ? UNKNOWN : String(independent),
      ],
    ),
  };
}

function facts(card: Card): CardTable {
  const { compressionRatio: ratio, deltaBytesPerDirtyPage: delta, touchedBytes: touched } = card;
  const rows: [string, string][] = [
    [
      'memory in use (not zero)',
      `${formatBytes(card.nonZeroBytes)}; ${formatPercent(card.zeroFraction * 100)} is zero`,
    ],
    [
      'host memory held',
      card.footprintBytes === undefined ? UNKNOWN : formatBytes(card.footprintBytes),
    ],
    ['writable working set', formatBytes(card.workingSetBytes)],
    [
      'touched set',
      touched === undefined
        ? UNKNOWN
        : `${formatBytes(touched)} read or written within ${duration(card.touchedWindowMs ?? 0)}`,
    ],
    [
      'compressibility',
      ratio === undefined
        ? UNKNOWN
        : `${ratio.toPrecision(3)}:1 (zlib level 1)` +
          (card.dirtyCompressionRatio === undefined
            ? ''
            : `; of pages dirtied again ${card.dirtyCompressionRatio.toPrecision(3)}:1`) +
          (card.zlibBytesPerSecond === undefined
            ? ''
            : `; ${formatByteRate(card.zlibBytesPerSecond)} per channel on this host`),
    ],
    [
      'difference of a page dirtied again',
      delta === undefined ? UNKNOWN : `${Math.round(delta)} of 4096 bytes (what xbzrle could send)`,
    ],
    ['vCPUs busy', card.cpuBusyPercent.map((percent) => formatPercent(percent)).join(', ')],
    [
      'throughput',
      card.progressPerSecond === undefined
        ? 'none: a guest without a load'
        : `${Number(card.progressPerSecond.toPrecision(4))} ${card.progressUnit ?? 'units'}/s`,
    ],
    [
      'cost of measuring',
      card.disturbancePercent === undefined
        ? UNKNOWN
        : `${formatPercent(Math.max(0, card.disturbancePercent))} of its throughput${lossText(card)}`,
    ],
  ];
  return {
    caption: 'The workload: what was seen of the guest while it was measured',
    heads: ['what', 'figure'],
    rows,
    prose: [1],
  };
}

function signedPercent(percent: number): string {
  const rounded = Math.round(Math.abs(percent));
  return `${percent < 0 && rounded > 0 ? '−' : '+'}${rounded} %`;
}

function lossText({ readingLossPercent: loss }: Card): string {
  if (loss === undefined) return '';
  const [low, middle, high] = [loss.low, loss.expected, loss.high].map((percent) =>
    Math.round(percent).toString().replace('-', '−'),
  );
  return `; while memory is being read ${middle} % (95 %: ${low} to ${high} %, ${loss.pairs} pairs)`;
}

function checks({ crossChecks = [] }: Card): CardTable[] {
  if (crossChecks.length === 0) return [];
  return [
    {
      caption: 'Cross-check: the same by other methods, against the dirty curve',
      heads: ['method', 'window', 'dirtied', 'difference'],
      rows: crossChecks.map(({ method, windowMs, uniqueDirtyBytes, differencePercent, note }) => [
        method,
        windowMs === 0 ? UNKNOWN : duration(windowMs),
        note ?? formatBytes(uniqueDirtyBytes.median),
        differencePercent === undefined ? UNKNOWN : signedPercent(differencePercent),
      ]),
    },
  ];
}

function notes(card: Card): string[] {
  const parameters = Object.entries(card.workloadParams)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ');
  return [
    card.method,
    `Measured for ${duration(card.measuredForMs ?? 0)}; one reading of all memory takes ${duration(card.scanMs ?? 0)}.`,
    ...(parameters === '' ? [] : [`Parameters, in base units: ${parameters}.`]),
    `Machine ${card.guest.machineType}, CPU ${card.guest.cpu}; host ${card.host ?? 'unknown'}; ${card.qemu.package === '' ? '' : `${card.qemu.package}; `}migbench ${card.migbench ?? 'unknown'}.`,
    'Times, bytes and downtimes are predictions: the link carries what Ethernet and TCP leave of it, and the hosts cost what docs/models.md assumes.',
    card.ownError === undefined
      ? plainErrorText(card)
      : `How good they are: the predictor’s own error of plain pre-copy, above, ${card.ownError.source}.`,
    ...modesTrust(
      card,
      card.requiredDowntime.map(({ recommended }) => recommended),
    ),
  ];
}
