/** The rows of a capacity guide: every migration that was measured, and those that the cards predict. */
import { z } from 'zod';
import {
  metricSummary,
  summarizeInPlanOrder,
  type CellSummary,
} from '../../harness/analysis/cells.ts';
import type { Card } from '../../harness/characterize/card.ts';
import {
  assumedCosts,
  costsFromCard,
  type SettingName,
} from '../../harness/characterize/conditions.ts';
import type { Prediction } from '../../harness/characterize/predict.ts';
import { recommend, workloadOf } from '../../harness/characterize/recommend.ts';
import type { Run } from '../../harness/record/reader.ts';
import type { TrialRecord } from '../../harness/record/schema.ts';
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
  /** Version of its QEMU; `10.0.13 → 11.1.0` where it went to another. */
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
  /**
   * What to reckon with: the worst seen, with the copy of its disk before it and the reading of its file after it, or the
   * upper end of the interval; absent where it may not end, or may fail.
   */
  readonly longestMs?: number;
  /** Measured: trials that count. */
  readonly repetitions?: number;
  /** Predicted: the recommended mode. */
  readonly mode?: SettingName | 'do-not-move';
  /** Predicted from beyond what the card measured. */
  readonly isExtrapolated?: boolean;
  readonly from: string;
}

const OUTCOMES = {
  yes: 'completes',
  'coin flip': 'coin flip',
  no: 'does not converge',
} as const;
/** What of `details.file` counts here. */
const savedFileSchema = z.object({ restoreMs: z.number() });
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
        qemu: versionsText(record.qemu),
        setting: cell.labels.setting,
        bandwidthBitsPerSecond: rate,
        link: linkText(record.link),
        kind: 'measured' as const,
        outcome: `${outcomeText(cell)} completed`,
        time: formatMedian(total),
        pause: formatMedian(metricSummary(cell, 'pauseMs')),
        blackout: formatCellMedian(cell, 'blackoutMs'),
        bytes: formatMedian(metricSummary(cell, 'transferredBytes')),
        repetitions: cell.completed.n,
        ...longestOf(cell),
        from: `${runMark(index)} ${cell.cellId.slice(-HASH_LENGTH)}`,
      },
    ];
  });
}

/** Of a cell of which every trial completed: how long its link was taken at most. */
function longestOf({ completed, records }: CellSummary): Pick<Row, 'longestMs'> {
  if (completed === undefined || completed.k < completed.n) return {};
  const takenMs = records.flatMap((record) =>
    record.outcome.kind === 'completed' ? (takenMsOf(record) ?? []) : [],
  );
  return takenMs.length === 0 ? {} : { longestMs: Math.max(...takenMs) };
}

/** The copy of a disk is made before the migration begins, and a file is read after it has ended. */
function takenMsOf({ measurements, details = {} }: TrialRecord): number | undefined {
  const { totalTimeMs, storageMs = 0 } = measurements;
  if (totalTimeMs === undefined) return undefined;
  const { data } = savedFileSchema.safeParse(details['file']);
  return storageMs + totalTimeMs + (data?.restoreMs ?? 0);
}

/** `10.0.13`, `7.2.22 → 10.0.13`. */
function versionsText({ source, destination }: TrialRecord['qemu']): string {
  return source.version === destination.version
    ? source.version
    : `${source.version} → ${destination.version}`;
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
        mode,
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
