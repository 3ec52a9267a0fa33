/** Why a migration ends or does not, in words. */
import { formatBitRate, formatByteRate, formatDuration } from '../units.ts';
import { DEFAULT_CHANNELS, hasChannels, type Conditions } from './conditions.ts';
import type { Convergence } from './predict.ts';

export interface ReasonFacts {
  readonly conditions: Conditions;
  readonly convergence: Convergence;
  readonly requiredDowntimeMs: number;
  /** What dirtied pages take on the wire, of what they take as they are. */
  readonly shrinkage: number;
  /** D(L)/L. */
  readonly dirtiedBytesPerSecond: number;
  /** Memory, not wire. */
  readonly carriedBytesPerSecond: number;
  readonly throttlePercent: number;
  readonly busyPercent: number;
  readonly isLinkBound: boolean;
  /** By `max-bandwidth`. */
  readonly isCapped: boolean;
  readonly brownoutMs: number;
}

/** One or two sentences, such as "dirties 48 MiB/s over 300 ms; 200 Mbit/s carries 22.9 MiB/s". */
export function reasonOf(facts: ReasonFacts): string {
  const { conditions } = facts;
  const { setting } = conditions;
  const limit = formatDuration(conditions.downtimeLimitMs);
  const balance =
    `dirties ${formatByteRate(facts.dirtiedBytesPerSecond)} over ${limit}; ` +
    `${carrierText(facts)} ${formatByteRate(facts.carriedBytesPerSecond)}`;
  if (setting === 'postcopy') {
    return `${balance}; post-copy ends in any case, with ${formatDuration(facts.brownoutMs)} in which pages are fetched`;
  }
  const end = endOf(facts);
  return end === '' ? balance : `${balance}; ${end}`;
}

/** What bounds the rate, with its verb. */
function carrierText({ conditions, isLinkBound, isCapped }: ReasonFacts): string {
  const { bandwidthBitsPerSecond: bandwidth, setting, channels = DEFAULT_CHANNELS } = conditions;
  if (isLinkBound && bandwidth !== 'unlimited') return `${formatBitRate(bandwidth)} carries`;
  const capped = isCapped ? ' under the cap' : '';
  return hasChannels(setting)
    ? `${channels} channels${capped} carry`
    : `the stream${capped} carries`;
}

function endOf({
  conditions,
  convergence,
  requiredDowntimeMs,
  shrinkage,
  throttlePercent,
  busyPercent,
  isCapped,
}: ReasonFacts): string {
  if (convergence === 'no') {
    // QEMU compares memory, as large as it is, with bytes on the wire.
    const seenMs = requiredDowntimeMs / shrinkage;
    if (seenMs <= conditions.downtimeLimitMs) return 'what is dirtied anew is never little enough';
    // The last transfer is faster than the cap: the limit is not the downtime that it would come to.
    if (isCapped) return `under the cap it needs a downtime limit of ${formatDuration(seenMs)}`;
    const hovers = `it would hover at a downtime of ${formatDuration(requiredDowntimeMs)}`;
    return requiredDowntimeMs > conditions.downtimeLimitMs
      ? hovers
      : `${hovers}, which QEMU takes for ${formatDuration(seenMs)}, since it does not reckon with what pages shrink to`;
  }
  if (conditions.setting !== 'auto-converge' || throttlePercent === 0) return '';
  return `throttled to ${throttlePercent} % (the busiest vCPU is ${Math.round(busyPercent)} % busy)`;
}
