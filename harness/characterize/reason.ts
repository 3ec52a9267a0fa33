/** Why a migration ends or does not, in words. */
import { formatBitRate, formatByteRate, formatDuration } from '../units.ts';
import type { Conditions } from './conditions.ts';
import type { Convergence } from './predict.ts';

export interface ReasonFacts {
  readonly conditions: Conditions;
  readonly convergence: Convergence;
  readonly requiredDowntimeMs: number;
  /** D(L)/L. */
  readonly dirtiedBytesPerSecond: number;
  /** Memory, not wire. */
  readonly carriedBytesPerSecond: number;
  readonly throttlePercent: number;
  readonly busyPercent: number;
  readonly isLinkBound: boolean;
  readonly brownoutMs: number;
}

/** One or two sentences, such as "dirties 48 MiB/s over 300 ms; 200 Mbit/s carries 22.9 MiB/s". */
export function reasonOf(facts: ReasonFacts): string {
  const { conditions } = facts;
  const { bandwidthBitsPerSecond: bandwidth, setting } = conditions;
  const carrier =
    facts.isLinkBound && bandwidth !== 'unlimited'
      ? formatBitRate(bandwidth)
      : conditions.maxBandwidthBytesPerSecond === undefined
        ? 'the stream'
        : 'the stream under its cap';
  const limit = formatDuration(conditions.downtimeLimitMs);
  const balance =
    `dirties ${formatByteRate(facts.dirtiedBytesPerSecond)} over ${limit}; ` +
    `${carrier} carries ${formatByteRate(facts.carriedBytesPerSecond)}`;
  if (setting === 'postcopy') {
    return `${balance}; post-copy ends in any case, with ${formatDuration(facts.brownoutMs)} in which pages are fetched`;
  }
  const end = endOf(facts);
  return end === '' ? balance : `${balance}; ${end}`;
}

function endOf({
  conditions,
  convergence,
  requiredDowntimeMs,
  throttlePercent,
  busyPercent,
}: ReasonFacts): string {
  if (convergence === 'no') {
    return requiredDowntimeMs > conditions.downtimeLimitMs
      ? `it would hover at a downtime of ${formatDuration(requiredDowntimeMs)}`
      : 'what is dirtied anew is never little enough';
  }
  if (conditions.setting !== 'auto-converge' || throttlePercent === 0) return '';
  return `throttled to ${throttlePercent} % (the busiest vCPU is ${Math.round(busyPercent)} % busy)`;
}
