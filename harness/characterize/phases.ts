/** Whether a workload did the same all the time: from the unique bytes of one window length over time. */
import { meanOf, medianOf } from '../analysis/numbers.ts';

export interface SeriesPoint {
  readonly atMs: number;
  readonly bytes: number;
}

export interface Phases {
  readonly kind: 'steady' | 'phases' | 'drift' | 'unknown';
  readonly detail: string;
  /** Of the two kinds of phases; or at the beginning and the end of a drift. */
  readonly levels?: readonly number[];
}

/** Below this many windows nothing is said. */
const LEAST_POINTS = 12;
/** Levels of phases differ at least by this factor. */
const LEVEL_FACTOR = 1.5;
/** The share of the variance that two levels must explain. */
const EXPLAINED = 0.75;
/** Each level holds at least this share of the windows. */
const LEAST_SHARE = 0.1;
/** A drift changes the figure over the measurement at least by this part of its median. */
const DRIFT_CHANGE = 0.2;
/** Kendall's τ between time and figure that makes a trend. */
const DRIFT_TAU = 0.5;
/** What is less than this is noise of the system around a workload, bytes. */
const NOISE_BYTES = 512 * 1024;

/**
 * Phases: two levels that explain most of the variance (Otsu's split), each of which lasts: the windows change level
 * less often than if they were shuffled. Drift: a monotone trend (Kendall's τ), sized by the Theil–Sen slope. A trend is
 * looked for first, since it has two levels as well.
 */
export function phasesOf(series: readonly SeriesPoint[]): Phases {
  if (series.length < LEAST_POINTS) {
    return {
      kind: 'unknown',
      detail: `${series.length} windows are too few to tell (at least ${LEAST_POINTS})`,
    };
  }
  return (
    driftOf(series) ?? levelsOf(series) ?? { kind: 'steady', detail: 'no phases and no drift' }
  );
}

function driftOf(series: readonly SeriesPoint[]): Phases | undefined {
  const slopes: number[] = [];
  let agreement = 0;
  for (const [index, one] of series.entries()) {
    for (const other of series.slice(index + 1)) {
      agreement += Math.sign(other.bytes - one.bytes);
      slopes.push((other.bytes - one.bytes) / (other.atMs - one.atMs));
    }
  }
  const tau = agreement / slopes.length;
  const durationMs = (series.at(-1)?.atMs ?? 0) - (series[0]?.atMs ?? 0);
  const change = medianOf(slopes) * durationMs;
  const usual = medianOf(series.map(({ bytes }) => bytes));
  if (Math.abs(tau) < DRIFT_TAU || Math.abs(change) < Math.max(NOISE_BYTES, DRIFT_CHANGE * usual)) {
    return undefined;
  }
  const percent = Math.round((100 * change) / usual);
  return {
    kind: 'drift',
    detail: `what a window dirties changed by ${percent > 0 ? '+' : ''}${percent} % of its median over the measurement`,
    levels: [Math.max(0, usual - change / 2), Math.max(0, usual + change / 2)],
  };
}

function levelsOf(series: readonly SeriesPoint[]): Phases | undefined {
  const sorted = series.map(({ bytes }) => bytes).sort((one, other) => one - other);
  const total = variance(sorted);
  let best = { explained: 0, limit: 0, levels: [0, 0] as [number, number], share: 0 };
  for (let at = 1; at < sorted.length; at += 1) {
    const low = sorted.slice(0, at);
    const high = sorted.slice(at);
    const within = (low.length * variance(low) + high.length * variance(high)) / sorted.length;
    const explained = total === 0 ? 0 : 1 - within / total;
    if (explained <= best.explained) continue;
    best = {
      explained,
      limit: ((low.at(-1) ?? 0) + (high[0] ?? 0)) / 2,
      levels: [meanOf(low), meanOf(high)],
      share: Math.min(low.length, high.length) / sorted.length,
    };
  }
  const [low, high] = best.levels;
  const isApart = high >= LEVEL_FACTOR * low && high - low >= NOISE_BYTES;
  if (best.explained < EXPLAINED || best.share < LEAST_SHARE || !isApart) return undefined;
  const sides = series.map(({ bytes }) => bytes > best.limit);
  const changes = sides.filter((side, index) => index > 0 && side !== sides[index - 1]).length;
  const shuffled = 2 * best.share * (1 - best.share) * (series.length - 1);
  if (changes > 0.7 * shuffled) return undefined;
  return {
    kind: 'phases',
    detail: `two levels, changed between ${changes} ${changes === 1 ? 'time' : 'times'} in ${series.length} windows`,
    levels: [low, high],
  };
}

function variance(values: readonly number[]): number {
  const average = meanOf(values);
  return meanOf(values.map((value) => (value - average) ** 2));
}
