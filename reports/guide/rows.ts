/** The rows of a capacity guide: every migration that was measured, and those that the cards predict. */
import { metricSummary, summarizeInPlanOrder } from '../../harness/analysis/cells.ts';
import type { Card } from '../../harness/characterize/card.ts';
import { assumedCosts, costsFromCard } from '../../harness/characterize/conditions.ts';
import type { Prediction } from '../../harness/characterize/predict.ts';
import { recommend, workloadOf } from '../../harness/characterize/recommend.ts';
import type { Run } from '../../harness/record/reader.ts';
import { formatBitRate, formatBytes, formatDuration } from '../../harness/units.ts';
import { bandwidthOf } from '../charts/convergence-map.ts';
import { linkText } from '../link.ts';
import { outcomeText } from '../cell.ts';
import { formatCellMedian, formatMedian, UNKNOWN } from '../format.ts';
import { compareTexts } from '../order.ts';
import { marked, modeText, rangeText } from '../card/figures.ts';

export interface GuideInputs {
  readonly runs: readonly Run[];
  /** With the path that each was read from. */
  readonly cards: readonly { readonly path: string; readonly card: Card }[];
  /** Of the maintenance window, ms. */
  readonly windowMs: number;
  readonly downtimeLimitMs: number;
}

/** A migration, measured or predicted, as the guide counts with it. */
export interface Row {
  readonly workload: string;
  readonly memoryBytes: number;
  /** In words: its memory, and what tells it from others of that size. */
  readonly guest: string;
  /** Version of the QEMU that the guest came from. */
  readonly qemu: string;
  readonly setting: string;
  readonly bandwidthBitsPerSecond: number;
  /** In words, with delay, loss and what else it carries. */
  readonly link: string;
  readonly kind: 'measured' | 'predicted';
  readonly outcome: string;
  readonly time: string;
  readonly pause: string;
  readonly blackout: string;
  readonly bytes: string;
  /** What to reckon with: the worst seen, or the upper end of the interval; absent where it may not end, or may fail. */
  readonly longestMs?: number;
  /** Predicted from beyond what the card measured. */
  readonly isExtrapolated?: boolean;
  readonly from: string;
}

const OUTCOMES = {
  yes: 'completes',
  'coin flip': 'coin flip',
  no: 'does not converge',
} as const;
/** The end of a cell's id that tells it from every other. */
const HASH_LENGTH = 8;
/** How rows name their run and their card; what these are stands at the end of the guide. */
export const runMark = (index: number): string => `R${index + 1}`;
export const cardMark = (index: number): string => `C${index + 1}`;

/** Links that cards are asked about, beside those of the runs. */
const USUAL_LINKS = [1e9, 10e9, 25e9] as const;

/** All rows: by workload, memory, QEMU and link; measured ones in the order of their plan, then what is predicted. */
export function rowsOf(inputs: GuideInputs): Row[] {
  return [...inputs.runs.flatMap(measuredRows), ...predictedRows(inputs)].sort(
    (one, other) =>
      compareTexts(one.workload, other.workload) ||
      one.memoryBytes - other.memoryBytes ||
      one.qemu.localeCompare(other.qemu, 'en', { numeric: true }) ||
      one.bandwidthBitsPerSecond - other.bandwidthBitsPerSecond ||
      compareTexts(one.kind, other.kind),
  );
}

function measuredRows(run: Run, index: number): Row[] {
  const cells = summarizeInPlanOrder(run);
  const isAlone = ({ labels, records }: (typeof cells)[number]) =>
    cells.every(
      (other) =>
        other.labels.guest === labels.guest ||
        other.records[0]?.guest.memoryBytes !== records[0]?.guest.memoryBytes ||
        other.records[0]?.guest.vcpus !== records[0]?.guest.vcpus,
    );
  return cells.flatMap((cell) => {
    const [record] = cell.records;
    const rate = bandwidthOf({ ...cell, label: '' });
    if (record === undefined || cell.completed === undefined) return [];
    const total = metricSummary(cell, 'totalTimeMs');
    return [
      {
        workload: cell.labels.workload,
        memoryBytes: record.guest.memoryBytes,
        guest: guestText(record.guest) + (isAlone(cell) ? '' : ` (${cell.labels.guest})`),
        qemu: record.qemu.source.version,
        setting: cell.labels.setting,
        bandwidthBitsPerSecond: rate,
        link: linkText(record.link),
        kind: 'measured' as const,
        outcome: `${outcomeText(cell)} completed`,
        time: formatMedian(total),
        pause: formatMedian(metricSummary(cell, 'pauseMs')),
        blackout: formatCellMedian(cell, 'blackoutMs'),
        bytes: formatMedian(metricSummary(cell, 'transferredBytes')),
        ...(total === undefined || cell.completed.k < cell.completed.n
          ? {}
          : { longestMs: total.max.value }),
        from: `${runMark(index)} ${cell.cellId.slice(-HASH_LENGTH)}`,
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
  return cards.flatMap(({ card }, index) =>
    links.map((bandwidthBitsPerSecond): Row => {
      const { mode, channels, prediction } = recommend(
        workloadOf(card),
        bandwidthBitsPerSecond,
        costsFromCard(assumedCosts, card),
        downtimeLimitMs,
      );
      return {
        workload: card.title ?? card.workload,
        memoryBytes: card.guest.memoryBytes,
        guest: guestText(card.guest),
        qemu: card.qemu.version,
        setting: modeText(mode, channels),
        bandwidthBitsPerSecond,
        link: formatBitRate(bandwidthBitsPerSecond),
        kind: 'predicted',
        ...predictedFigures(prediction),
        blackout: UNKNOWN,
        from: cardMark(index),
      };
    }),
  );
}

/** `384 MiB`, `4 GiB, 2 vCPU`. */
export function guestText({
  memoryBytes,
  vcpus,
}: Pick<Card['guest'], 'memoryBytes' | 'vcpus'>): string {
  return formatBytes(memoryBytes) + (vcpus === 1 ? '' : `, ${vcpus} vCPU`);
}

function predictedFigures(prediction: Prediction | undefined) {
  const { convergence, totalTimeMs, bytes, downtimeMs, extrapolated = [] } = prediction ?? {};
  const isExtrapolated = extrapolated.length > 0;
  return {
    outcome: convergence === undefined ? UNKNOWN : OUTCOMES[convergence],
    time: marked(rangeText(totalTimeMs, formatDuration), isExtrapolated),
    pause: marked(rangeText(downtimeMs, formatDuration), isExtrapolated),
    bytes: marked(rangeText(bytes, formatBytes), isExtrapolated),
    isExtrapolated,
    ...(totalTimeMs?.high === undefined ? {} : { longestMs: totalTimeMs.high }),
  };
}
