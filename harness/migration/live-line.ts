/** The live line of a migration, and when it stands still: nothing is drawn while the guest may be switching over. */
import { formatBitRate, formatBytes, formatDuration } from '../units.ts';
import type { TimedSample } from './observation.ts';

/** The line stands still below this multiple of what the downtime limit lets through. */
const QUIET_FACTOR = 3;
/** QEMU's default downtime limit, ms; only to decide when to be quiet. */
const ASSUMED_LIMIT_MS = 300;

/** Whether the guest is far enough from its switchover for the line to be drawn. */
export function mayDraw(
  sample: TimedSample,
  resumed: boolean,
  downtimeLimitMs = ASSUMED_LIMIT_MS,
): boolean {
  // QEMU says postcopy-active before it stops the guest.
  if (sample.status === 'postcopy-active') return resumed;
  if (sample.status !== 'active') return false;
  const { remainingBytes, rateBitsPerSecond } = sample;
  if (remainingBytes === undefined || rateBitsPerSecond === undefined) return false;
  return remainingBytes > (QUIET_FACTOR * downtimeLimitMs * rateBitsPerSecond) / 8000;
}

export function liveLine(cell: string, sample: TimedSample): string {
  const parts = [
    `${cell}: ${sample.status ?? 'starting'} ${formatDuration(sample.atMs)}`,
    sample.passes === undefined ? '' : `pass ${sample.passes}`,
    sample.transferredBytes === undefined ? '' : `sent ${formatBytes(sample.transferredBytes)}`,
    sample.remainingBytes === undefined ? '' : `remaining ${formatBytes(sample.remainingBytes)}`,
    sample.rateBitsPerSecond === undefined ? '' : `at ${formatBitRate(sample.rateBitsPerSecond)}`,
    sample.dirtyPagesPerSecond === undefined || sample.pageSizeBytes === undefined
      ? ''
      : `dirtying ${formatBytes(sample.dirtyPagesPerSecond * sample.pageSizeBytes)}/s`,
    sample.throttlePercent === undefined ? '' : `throttled ${sample.throttlePercent} %`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}
