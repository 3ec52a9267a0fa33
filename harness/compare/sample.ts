/** The figures of one metric on both sides of a pair of cells: summaries, strata, effect. */
import { exact, moreThan, type Figure } from '../analysis/censored.ts';
import { hodgesLehmann } from '../analysis/hodges-lehmann.ts';
import { median } from '../analysis/median.ts';
import { medianInterval } from '../analysis/median-interval.ts';
import type { Metric } from '../analysis/metrics.ts';
import { range } from '../analysis/range.ts';
import type { Stratum } from '../analysis/strata.ts';
import type { CellData, Observation } from './side.ts';
import type { Effect, SampleSummary } from './types.ts';

/** A trial's figure with the block that it was taken in. */
export interface PlacedFigure {
  readonly block: number;
  readonly figure: Figure;
}

/**
 * A stratum has at least this many blocks: ranks within fewer lose more to the small number than they gain against
 * drift.
 */
const BLOCKS_OF_A_STRATUM = 5;

/** As `figureOf` of a record: completed trials, and the censored total time of a not-converged one. */
function figureOf({ key }: Metric, trial: Observation): Figure | undefined {
  if (trial.outcome === 'completed') {
    const value = trial.measurements[key];
    return value === undefined ? undefined : exact(value);
  }
  return trial.outcome === 'not-converged' && key === 'totalTimeMs'
    ? moreThan(trial.deadlineMs)
    : undefined;
}

export function figuresOf(metric: Metric, cell: CellData): readonly PlacedFigure[] {
  return cell.observations.flatMap((trial) => {
    const figure = figureOf(metric, trial);
    return figure === undefined ? [] : [{ block: trial.block, figure }];
  });
}

/** What is printed of a side: nothing that its n does not support. */
export function summaryOf(placed: readonly PlacedFigure[]): SampleSummary {
  const figures = placed.map(({ figure }) => figure);
  const middle = median(figures);
  const ends = range(figures);
  const interval = medianInterval(figures);
  return {
    n: figures.length,
    censored: figures.filter(({ censored }) => censored).length,
    ...(middle === undefined ? {} : { median: middle }),
    ...(interval === undefined ? {} : { ciLow: interval.low, ciHigh: interval.high }),
    ...(ends === undefined ? {} : { min: ends.min, max: ends.max }),
  };
}

/** Logarithms where all figures are above 0, so that a shift is a ratio. */
export function scaleOf(figures: readonly PlacedFigure[]): Effect['kind'] {
  return figures.every(({ figure }) => figure.value > 0) ? 'ratio' : 'difference';
}

/**
 * Strata of neighbouring blocks where both sides were measured in the same blocks, else one: blocks of two runs have
 * nothing to do with each other.
 */
export function strataOf(
  base: readonly PlacedFigure[],
  candidate: readonly PlacedFigure[],
  options: { readonly sameRun: boolean; readonly scale: Effect['kind'] },
): readonly Stratum[] {
  const value = ({ figure }: PlacedFigure) =>
    figure.censored ? Infinity : options.scale === 'ratio' ? Math.log(figure.value) : figure.value;
  if (!options.sameRun) return [{ base: base.map(value), candidate: candidate.map(value) }];
  const blocks = [...new Set([...base, ...candidate].map(({ block }) => block))].sort(
    (a, b) => a - b,
  );
  const count = Math.max(1, Math.floor(blocks.length / BLOCKS_OF_A_STRATUM));
  const places = new Map(
    blocks.map((block, index) => [block, Math.floor((index * count) / blocks.length)]),
  );
  return Array.from({ length: count }, (_, stratum) => {
    const within = (figures: readonly PlacedFigure[]) =>
      figures.filter(({ block }) => places.get(block) === stratum).map(value);
    return { base: within(base), candidate: within(candidate) };
  });
}

/** The effect and its interval, back on the metric's own scale; `undefined` where a side has no figures. */
export function effectOf(
  strata: readonly Stratum[],
  kind: Effect['kind'],
  confidence: number,
): Effect | undefined {
  const shift = hodgesLehmann(strata, confidence);
  if (shift === undefined) return undefined;
  const { estimate, interval } = shift;
  const natural = (value: number) => (kind === 'ratio' ? Math.exp(value) : value);
  const beyond =
    interval?.low === Infinity ? 'above' : interval?.high === -Infinity ? 'below' : undefined;
  const known = (value: number | undefined): value is number =>
    value !== undefined && Number.isFinite(value);
  return {
    kind,
    ...(known(estimate) ? { estimate: natural(estimate) } : {}),
    ...(interval === undefined
      ? {}
      : {
          interval: {
            ...(known(interval.low) ? { low: natural(interval.low) } : {}),
            ...(known(interval.high) ? { high: natural(interval.high) } : {}),
          },
        }),
    ...(beyond === undefined ? {} : { beyond }),
    confidence,
  };
}
