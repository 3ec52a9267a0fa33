/** Under what a migration is predicted: the link, the limits, the setting, and what the hosts themselves cost. */
import type { Throttle } from './precopy-model.ts';
import { PAGE_BYTES, PAGE_OVERHEAD, payloadBytesPerSecond } from './wire.ts';

export type Limit = number | 'unlimited';

export const settingNames = [
  'precopy',
  'auto-converge',
  'multifd',
  'multifd-zlib',
  'xbzrle',
  'postcopy',
] as const;
export type SettingName = (typeof settingNames)[number];

/** What validating showed of a setting (docs/models.md#settings-against-migrations): said where a card does not carry it. */
const CAUTIONS: Readonly<Record<SettingName, string>> = {
  precopy: '',
  'auto-converge':
    'Hardly validated where it throttles: there one migration of one went on for longer than predicted.',
  multifd:
    'Time and bytes were within 12 %, but downtimes up to twice the predicted: count on that.',
  'multifd-zlib':
    'A weak predictor: times were up to twice the predicted, downtimes up to three times, bytes off by 18 %.',
  xbzrle:
    'Downtimes are a weak prediction: up to eight times the predicted where pages differ little; time and bytes were within 9 %.',
  postcopy:
    'Time and bytes were within 5 %, the pause shorter than predicted (2 to 4 ms); how slow the guest is meanwhile is not predicted.',
};

export function settingCaution(setting: SettingName): string {
  return CAUTIONS[setting];
}

export interface Conditions {
  readonly setting: SettingName;
  /** Of the link, on the wire. */
  readonly bandwidthBitsPerSecond: Limit;
  readonly downtimeLimitMs: number;
  /** QEMU's max-bandwidth: it holds while the guest runs, not for the last transfer. */
  readonly maxBandwidthBytesPerSecond?: Limit;
  /** QEMU's avail-switchover-bandwidth (8.2 and newer): takes the place of its own estimate. */
  readonly switchoverBytesPerSecond?: number;
  /** multifd: 2 where absent, as in QEMU. */
  readonly channels?: number;
  /** xbzrle: 64 MiB where absent, as in QEMU. */
  readonly xbzrleCacheBytes?: number;
  /** Post-copy: after one pass where absent. */
  readonly leaveAfter?: { readonly passes: number } | { readonly timeMs: number };
}

/** What the two hosts and their QEMUs take. `validate` measures it on migrations that it does not validate with. */
export interface HostCosts {
  readonly source: 'assumed' | 'measured';
  /** Device state, resume and the end of the return path: downtime without any memory to send, ms. */
  readonly deviceMs: { readonly low: number; readonly expected: number; readonly high: number };
  readonly setupMs: number;
  /** One stream of pages, as fast as the processors let it. */
  readonly streamBytesPerSecond: number;
  readonly zeroPagesPerSecond: number;
  /** What QEMU has written and the kernel not yet sent: it is on its way when the guest is stopped. */
  readonly socketBytes: number;
  /** zlib, level 1, one channel, of the workload's own pages; absent: not measured. */
  readonly zlibBytesPerSecond?: number;
}

/** Costs, with how quickly the host compressed the card's own pages, where that was measured. */
export function costsFromCard(
  costs: HostCosts,
  { zlibBytesPerSecond }: { readonly zlibBytesPerSecond?: number | undefined },
): HostCosts {
  return zlibBytesPerSecond === undefined ? costs : { ...costs, zlibBytesPerSecond };
}

/**
 * Where nothing was measured. The stream and the zero pages are those of a current server; the device time is that of a
 * small guest (it grows with processors and devices); the socket holds what TCP's autotuning was seen to give it.
 */
export const assumedCosts: HostCosts = {
  source: 'assumed',
  deviceMs: { low: 2, expected: 10, high: 60 },
  setupMs: 10,
  streamBytesPerSecond: 1.2e9,
  zeroPagesPerSecond: 1e6,
  socketBytes: 1.5e6,
};

/** How long QEMU sends before it looks at what is left, ms: 50, and 100 where a max-bandwidth paces it. */
const FREE_ITERATION_MS = 50;
const PACED_ITERATION_MS = 100;
/** multifd-channels, QEMU's default. */
export const DEFAULT_CHANNELS = 2;
const DEFAULT_XBZRLE_CACHE_BYTES = 64 * 1024 * 1024;
/** QEMU's defaults for auto-converge. */
const THROTTLE = {
  initialPercent: 20,
  incrementPercent: 10,
  maximumPercent: 99,
  triggerPercent: 50,
} as const;
/** A page that xbzrle encodes has a header of its own: flag and length. */
const XBZRLE_HEADER_BYTES = 11;

/** Whether a setting sends pages over several connections. */
export function hasChannels(setting: SettingName): boolean {
  return setting === 'multifd' || setting === 'multifd-zlib';
}

/** How fast a stream is while the guest runs, and what QEMU takes for its bandwidth at the switchover. */
export interface StreamRates {
  readonly liveBytesPerSecond: number;
  readonly estimateBytesPerSecond: number;
}

/** What a setting does to the stream. */
export interface Stream extends StreamRates {
  /** Of the first pass, where it is another than later: then each page is sent for the first time. */
  readonly firstPass?: StreamRates;
  readonly switchBytesPerSecond: number;
  readonly iterationMs: number;
  readonly wireFactor: (pass: number) => number;
  readonly throttle?: Throttle;
  readonly leaveAfter?: NonNullable<Conditions['leaveAfter']>;
}

/** What of a workload bears upon the stream. */
export interface StreamWorkload {
  readonly workingSetBytes: number;
  readonly compressionRatio?: number | undefined;
  /** Of pages that are dirtied again, which is what passes after the first send. */
  readonly dirtyCompressionRatio?: number | undefined;
  /** Encoded bytes of a page that was dirtied again. */
  readonly deltaBytesPerDirtyPage?: number | undefined;
  /** Of each vCPU. */
  readonly cpuBusyPercent: readonly number[];
}

/** The stream of a migration under these conditions. */
export function streamOf(
  conditions: Conditions,
  costs: HostCosts,
  workload: StreamWorkload,
): Stream {
  const { setting, bandwidthBitsPerSecond: bandwidth } = conditions;
  const link =
    bandwidth === 'unlimited' ? Number.POSITIVE_INFINITY : payloadBytesPerSecond(bandwidth);
  const cap = conditions.maxBandwidthBytesPerSecond ?? 'unlimited';
  const channels = hasChannels(setting) ? (conditions.channels ?? DEFAULT_CHANNELS) : 1;
  const isCompressed = setting === 'multifd-zlib';
  const { compressionRatio = 1, dirtyCompressionRatio = compressionRatio } = workload;
  const firstRatio = isCompressed ? Math.max(1, compressionRatio) : 1;
  const laterRatio = isCompressed ? Math.max(1, dirtyCompressionRatio) : 1;
  // A channel takes in pages at one pace, however small they become.
  const rates = (ratio: number) => {
    const perChannel = isCompressed
      ? Math.min(costs.streamBytesPerSecond, (costs.zlibBytesPerSecond ?? Infinity) / ratio)
      : costs.streamBytesPerSecond;
    const whole = Math.min(link, channels * perChannel);
    const live = Math.min(whole, cap === 'unlimited' ? Infinity : cap);
    return {
      switchBytesPerSecond: whole,
      liveBytesPerSecond: live,
      estimateBytesPerSecond: conditions.switchoverBytesPerSecond ?? live,
    };
  };
  return {
    ...rates(laterRatio),
    ...(firstRatio === laterRatio ? {} : { firstPass: rates(firstRatio) }),
    iterationMs: cap === 'unlimited' ? FREE_ITERATION_MS : PACED_ITERATION_MS,
    wireFactor:
      setting === 'xbzrle'
        ? xbzrleFactor(conditions, workload)
        : (pass) => PAGE_OVERHEAD / (pass === 1 ? firstRatio : laterRatio),
    ...(setting === 'auto-converge'
      ? { throttle: { ...THROTTLE, busyFraction: Math.max(0, ...workload.cpuBusyPercent) / 100 } }
      : {}),
    ...(setting === 'postcopy' ? { leaveAfter: conditions.leaveAfter ?? { passes: 1 } } : {}),
  };
}

/** Pages are taken into the cache in the second pass, and encoded against it from the third on. */
function xbzrleFactor(conditions: Conditions, workload: StreamWorkload): Stream['wireFactor'] {
  const cache = conditions.xbzrleCacheBytes ?? DEFAULT_XBZRLE_CACHE_BYTES;
  const hits = Math.min(1, cache / Math.max(1, workload.workingSetBytes));
  const delta = workload.deltaBytesPerDirtyPage;
  const encoded =
    delta === undefined
      ? PAGE_OVERHEAD
      : Math.min(PAGE_OVERHEAD, (delta + XBZRLE_HEADER_BYTES) / PAGE_BYTES);
  const later = hits * encoded + (1 - hits) * PAGE_OVERHEAD;
  return (pass) => (pass <= 2 ? PAGE_OVERHEAD : later);
}
