/** What a card says a workload needs, and which way of moving it is the simplest that works. */
import { formatBitRate, formatByteRate, formatDuration } from '../units.ts';
import type { Card } from './card.ts';
import type { HostCosts, SettingName } from './conditions.ts';
import { dirtyFunction } from './curve.ts';
import { predict, type Prediction, type Workload } from './predict.ts';
import { requiredBandwidth } from './requirements.ts';
import { payloadBytesPerSecond } from './wire.ts';

/** Of the card's first table, ms; of its second, bits per second. */
export const CARD_LIMITS_MS = [30, 100, 300, 1_000] as const;
export const CARD_BANDWIDTHS = [1e9, 10e9, 25e9, 100e9] as const;
/** The downtime limit of the second table, ms. */
export const RECOMMENDED_LIMIT_MS = 300;
/** A link with a quarter to spare: where the outcome is no coin flip. */
const HEADROOM = 1.25;
/** multifd: channels that are tried, until they fill the link; with zlib, which keeps a processor busy for each. */
const CHANNELS = [2, 4, 8] as const;
const ZLIB_CHANNELS = 4;
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

/** The card's table of links: the downtime that pre-copy, one stream, needs there, and the recommended mode. */
export function requiredDowntimes(workload: Workload, costs: HostCosts): Card['requiredDowntime'] {
  return CARD_BANDWIDTHS.map((bandwidthBitsPerSecond) => {
    const recommendation = recommend(workload, bandwidthBitsPerSecond, costs);
    const { mode, channels, why, plain, prediction } = recommendation;
    return {
      bandwidthBitsPerSecond,
      ms: plain.requiredDowntimeMs,
      recommended: mode,
      ...(channels === undefined ? {} : { channels }),
      why,
      ...(prediction === undefined ? {} : figuresOf(prediction)),
    };
  });
}

function figuresOf({ totalTimeMs, bytes, downtimeMs, extrapolated }: Prediction) {
  return {
    ...(totalTimeMs === undefined ? {} : { totalTimeMs }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(downtimeMs === undefined ? {} : { downtimeMs }),
    ...(extrapolated.length === 0 ? {} : { extrapolated: [...extrapolated] }),
  };
}

/** `1.1`, `11`, `110`: no power of ten where there are more digits. */
function inTwoDigits(value: number): string {
  return value < 99.5 ? value.toPrecision(2) : String(Number(value.toPrecision(2)));
}

export interface Recommendation {
  readonly mode: SettingName | 'do-not-move';
  /** Of multifd. */
  readonly channels?: number;
  readonly why: string;
  /** Of plain pre-copy, whatever is recommended. */
  readonly plain: Prediction;
  /** Of the recommended mode. */
  readonly prediction?: Prediction;
}

/** Whether a link carries more than one stream of pages does. */
export function needsSeveralStreams(bitsPerSecond: number, costs: HostCosts): boolean {
  return payloadBytesPerSecond(bitsPerSecond) > costs.streamBytesPerSecond;
}

/**
 * The first that works: plain pre-copy; several streams where the link carries more than one; compression where it is
 * enough; auto-converge where the throttle stays bearable; post-copy where the pages are fetched within a minute; else
 * not at all.
 */
export function recommend(
  workload: Workload,
  bandwidthBitsPerSecond: number,
  costs: HostCosts,
  downtimeLimitMs: number = RECOMMENDED_LIMIT_MS,
): Recommendation {
  const by = (setting: SettingName, channels?: number): Prediction =>
    predict(
      workload,
      {
        ...{ setting, bandwidthBitsPerSecond, downtimeLimitMs },
        ...(channels === undefined ? {} : { channels }),
      },
      costs,
    );
  const link = formatBitRate(bandwidthBitsPerSecond);
  const isStreamBound = needsSeveralStreams(bandwidthBitsPerSecond, costs);
  const plain = by('precopy');
  if (plain.convergence === 'yes') {
    const times = plain.margin > 100 ? 'more than 100' : inTwoDigits(plain.margin);
    const carrier = isStreamBound
      ? `one stream carries ${formatByteRate(costs.streamBytesPerSecond)} of the ${link},`
      : `${link} is`;
    return {
      mode: 'precopy',
      why: `${carrier} ${times} times what pre-copy needs`,
      ...{ plain, prediction: plain },
    };
  }
  for (const channels of isStreamBound ? CHANNELS : []) {
    const several = by('multifd', channels);
    if (several.convergence === 'yes') {
      return { mode: 'multifd', channels, why: several.reason, plain, prediction: several };
    }
    if (channels * costs.streamBytesPerSecond >= payloadBytesPerSecond(bandwidthBitsPerSecond))
      break;
  }
  const compressed = by('multifd-zlib', ZLIB_CHANNELS);
  const { compressionRatio, dirtyCompressionRatio } = workload;
  if (compressionRatio !== undefined && compressed.convergence === 'yes') {
    const shrink =
      dirtyCompressionRatio === undefined
        ? `pages shrink to 1/${inTwoDigits(compressionRatio)}`
        : `dirtied pages shrink to 1/${inTwoDigits(dirtyCompressionRatio)}`;
    return {
      mode: 'multifd-zlib',
      channels: ZLIB_CHANNELS,
      why: `${ZLIB_CHANNELS} channels, ${shrink}: ${compressed.reason}`,
      ...{ plain, prediction: compressed },
    };
  }
  const slowed = by('auto-converge');
  const throttle = slowed.throttlePercent?.expected ?? 100;
  if (slowed.convergence === 'yes' && throttle <= THROTTLE_LIMIT_PERCENT) {
    return { mode: 'auto-converge', why: slowed.reason, plain, prediction: slowed };
  }
  const fetched = by('postcopy');
  const brownoutMs = fetched.brownoutMs?.expected ?? Number.POSITIVE_INFINITY;
  if (brownoutMs <= BROWNOUT_LIMIT_MS) {
    return {
      mode: 'postcopy',
      why: `${plain.reason}; post-copy fetches pages for ${formatDuration(brownoutMs)}`,
      ...{ plain, prediction: fetched },
    };
  }
  return {
    mode: 'do-not-move',
    why: `${plain.reason}; post-copy would fetch pages for ${formatDuration(brownoutMs)}`,
    plain,
  };
}
