/**
 * How wide the intervals of a run are: when `--until-precision` may stop. Widths only, never p: a run that goes on
 * until something is significant finds something wherever it looks.
 */
import { metricOf, type Metric } from '../analysis/metrics.ts';
import { compareGroups } from './index.ts';
import { figuresOf, summaryOf } from './sample.ts';
import type { CellData, RunSide } from './side.ts';
import type { Effect } from './types.ts';
import { changeText } from './verdict.ts';

/** What is to become how narrow. */
export interface PrecisionGoal {
  /** Half the width of a 95 % interval, relative to what it is an interval of: 0.05. */
  readonly fraction: number;
  /** The QEMU (a label) that all others are compared with: of these changes; absent = of the medians of cells. */
  readonly base?: string | undefined;
}

export interface Width {
  /** A cell, or a pair of cells. */
  readonly label: string;
  readonly metric: Metric;
  /** As the goal's fraction; absent where there are too few figures for an interval with two ends. */
  readonly width?: number;
}

/** Those that every completed trial has, and that vary little enough to become narrow. */
export const precisionMetrics: readonly Metric[] = (
  ['totalTimeMs', 'pauseMs', 'transferredBytes'] as const
).map(metricOf);

/**
 * The widths that a goal is about, the widest first; those that no block can change (a median that is only known as
 * "more than" the deadline) are left out.
 */
export function widthsOf(side: RunSide, { base }: Omit<PrecisionGoal, 'fraction'>): Width[] {
  const found = base === undefined ? side.cells.flatMap(cellWidths) : changeWidths(side, base);
  return found.toSorted((a, b) => (b.width ?? Infinity) - (a.width ?? Infinity));
}

/** Whether all are narrow enough; also where there is none, since no block would change that. */
export function isPrecise(widths: readonly Width[], { fraction }: PrecisionGoal): boolean {
  return widths.every(({ width }) => width !== undefined && width <= fraction);
}

/** How far off the widest is. */
export function precisionText(widths: readonly Width[], { fraction }: PrecisionGoal): string {
  const open = widths.filter(({ width }) => width === undefined || width > fraction);
  const goal = `±${changeText(fraction)}`;
  if (widths.length === 0) return 'No figure has an interval that more blocks could narrow.';
  const [widest] = open;
  if (widest === undefined) return `All ${widths.length} intervals are within ${goal}.`;
  const { label, metric, width } = widest;
  const found = width === undefined ? 'too few figures for one' : `±${changeText(width)}`;
  return `${open.length} of ${widths.length} intervals are not within ${goal} yet; the widest: ${metric.column} of ${label}, ${found}.`;
}

function cellWidths(cell: CellData): readonly Width[] {
  return precisionMetrics.flatMap((metric): readonly Width[] => {
    const { n, median, ciLow, ciHigh } = summaryOf(figuresOf(metric, cell));
    if (n === 0 || median === undefined || median.censored) return [];
    const common = { label: cell.cellId, metric };
    if (ciLow === undefined || ciHigh === undefined) return [common];
    if (ciHigh.censored) return [common];
    const half = (ciHigh.value - ciLow.value) / 2;
    return [{ ...common, width: half === 0 ? 0 : half / Math.abs(median.value) }];
  });
}

function changeWidths(side: RunSide, base: string): readonly Width[] {
  const { cells } = compareGroups(side, 'qemu', {
    ...{ from: base, metrics: precisionMetrics, confidence: 0.95, force: true },
  });
  return cells.flatMap(({ label, metrics }) =>
    metrics.flatMap(({ metric, effect, base: before, candidate }): readonly Width[] => {
      if (effect === undefined || before.median?.censored !== false) return [];
      if (candidate.median?.censored !== false) return [];
      const width = halfWidth(effect, before.median.value);
      return [{ label, metric, ...(width === undefined ? {} : { width }) }];
    }),
  );
}

function halfWidth({ kind, interval }: Effect, median: number): number | undefined {
  const { low, high } = interval ?? {};
  if (low === undefined || high === undefined) return undefined;
  if (kind === 'ratio') return Math.sqrt(high / low) - 1;
  return high === low ? 0 : (high - low) / 2 / Math.abs(median);
}
