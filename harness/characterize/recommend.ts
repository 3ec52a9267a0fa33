/** What a card says a workload needs, and which way of moving it is the simplest that works. */
import { formatBitRate, formatDuration } from '../units.ts';
import type { Card } from './card.ts';
import type { HostCosts, SettingName } from './conditions.ts';
import { dirtyFunction } from './curve.ts';
import { predict, type Prediction, type Workload } from './predict.ts';
import { requiredBandwidth, requiredDowntime } from './requirements.ts';

/** Of the card's first table, ms; of its second, bits per second. */
export const CARD_LIMITS_MS = [30, 100, 300, 1_000] as const;
export const CARD_BANDWIDTHS = [1e9, 10e9, 25e9, 100e9] as const;
/** The downtime limit of the second table, ms. */
export const RECOMMENDED_LIMIT_MS = 300;
/** A link with a quarter to spare: where the outcome is no coin flip. */
const HEADROOM = 1.25;
/** Slower than this by the throttle, and a guest is as good as stopped. */
const THROTTLE_LIMIT_PERCENT = 70;
/** A guest that fetches its pages for longer than this is better left where it is, ms. */
const BROWNOUT_LIMIT_MS = 60_000;

/** What of a card predictions rest on. */
export function workloadOf(
  card: Pick<Card, 'dirtyCurve' | 'nonZeroBytes' | 'guest' | 'cpuBusyPercent'> & Partial<Card>,
): Workload {
  return {
    dirtyCurve: card.dirtyCurve.map(
      ({ windowMs, uniqueDirtyBytes: { independent, ...spread } }) => ({
        windowMs,
        uniqueDirtyBytes: { ...spread, ...(independent === undefined ? {} : { independent }) },
      }),
    ),
    nonZeroBytes: card.nonZeroBytes,
    memoryBytes: card.guest.memoryBytes,
    compressionRatio: card.compressionRatio,
    dirtyCompressionRatio: card.dirtyCompressionRatio,
    deltaBytesPerDirtyPage: card.deltaBytesPerDirtyPage,
    cpuBusyPercent: card.cpuBusyPercent,
    tails: card.tails,
  };
}

/** The card's table of required bandwidths, with what a migration over such a link with headroom takes. */
export function requiredBandwidths(
  workload: Workload,
  costs: HostCosts,
): Card['requiredBandwidth'] {
  const dirty = dirtyFunction(workload.dirtyCurve, workload.nonZeroBytes, 'median');
  return CARD_LIMITS_MS.map((downtimeLimitMs) => {
    const bitsPerSecond = requiredBandwidth(dirty, downtimeLimitMs);
    const bandwidthBitsPerSecond = Math.max(1e6, bitsPerSecond * HEADROOM);
    const conditions = { setting: 'precopy', bandwidthBitsPerSecond, downtimeLimitMs } as const;
    return { downtimeLimitMs, bitsPerSecond, ...figuresOf(predict(workload, conditions, costs)) };
  });
}

/** The card's table of links: the downtime that pre-copy needs there, and the recommended mode. */
export function requiredDowntimes(workload: Workload, costs: HostCosts): Card['requiredDowntime'] {
  const dirty = dirtyFunction(workload.dirtyCurve, workload.nonZeroBytes, 'median');
  return CARD_BANDWIDTHS.map((bandwidthBitsPerSecond) => {
    const { mode, why, prediction } = recommend(workload, bandwidthBitsPerSecond, costs);
    return {
      bandwidthBitsPerSecond,
      ms: requiredDowntime(dirty, bandwidthBitsPerSecond),
      recommended: mode,
      why,
      ...(prediction === undefined ? {} : figuresOf(prediction)),
    };
  });
}

function figuresOf({ totalTimeMs, bytes, downtimeMs }: Prediction) {
  return {
    ...(totalTimeMs === undefined ? {} : { totalTimeMs }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(downtimeMs === undefined ? {} : { downtimeMs }),
  };
}

export interface Recommendation {
  readonly mode: SettingName | 'do-not-move';
  readonly why: string;
  readonly prediction?: Prediction;
}

/**
 * The first that works: plain pre-copy; compression where it is enough; auto-converge where the throttle stays
 * bearable; post-copy where the pages are fetched within a minute; else not at all.
 */
export function recommend(
  workload: Workload,
  bandwidthBitsPerSecond: number,
  costs: HostCosts,
  downtimeLimitMs: number = RECOMMENDED_LIMIT_MS,
): Recommendation {
  const by = (setting: SettingName): Prediction =>
    predict(
      workload,
      {
        setting,
        bandwidthBitsPerSecond,
        downtimeLimitMs,
        ...(setting === 'multifd-zlib' ? { channels: 4 } : {}),
      },
      costs,
    );
  const link = formatBitRate(bandwidthBitsPerSecond);
  const plain = by('precopy');
  if (plain.convergence === 'yes') {
    const times = plain.margin > 100 ? 'more than 100' : plain.margin.toPrecision(2);
    return {
      mode: 'precopy',
      why: `${link} is ${times} times what pre-copy needs`,
      prediction: plain,
    };
  }
  const compressed = by('multifd-zlib');
  if (workload.compressionRatio !== undefined && compressed.convergence === 'yes') {
    const ratio = workload.compressionRatio.toPrecision(2);
    return {
      mode: 'multifd-zlib',
      why: `pages shrink to 1/${ratio}: ${compressed.reason}`,
      prediction: compressed,
    };
  }
  const slowed = by('auto-converge');
  const throttle = slowed.throttlePercent?.expected ?? 100;
  if (slowed.convergence === 'yes' && throttle <= THROTTLE_LIMIT_PERCENT) {
    return { mode: 'auto-converge', why: slowed.reason, prediction: slowed };
  }
  const fetched = by('postcopy');
  const brownoutMs = fetched.brownoutMs?.expected ?? Number.POSITIVE_INFINITY;
  if (brownoutMs <= BROWNOUT_LIMIT_MS) {
    return {
      mode: 'postcopy',
      why: `${plain.reason}; post-copy fetches pages for ${formatDuration(brownoutMs)}`,
      prediction: fetched,
    };
  }
  return {
    mode: 'do-not-move',
    why: `${plain.reason}; post-copy would fetch pages for ${formatDuration(brownoutMs)}`,
  };
}
