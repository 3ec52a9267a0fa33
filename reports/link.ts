/** A link as reports name it: its bandwidth, and what makes it another link than one of that bandwidth alone. */
import { formatBitRate, formatDuration, formatPercent } from '../harness/units.ts';

/** As records have it. */
export interface RecordedLink {
  readonly bandwidthBitsPerSecond: number | 'unlimited';
  readonly delayUs?: number | undefined;
  readonly lossPercent?: number | undefined;
  readonly competingBitsPerSecond?: number | undefined;
}

/** `2 ms delay, 0.1% loss, beside 300 Mbit/s`; empty for a plain link. */
export function linkExtras({
  delayUs = 0,
  lossPercent = 0,
  competingBitsPerSecond: competing = 0,
}: RecordedLink): string {
  return [
    ...(delayUs > 0 ? [`${formatDuration(delayUs / 1000)} delay`] : []),
    ...(lossPercent > 0 ? [`${formatPercent(lossPercent)} loss`] : []),
    ...(competing > 0 ? [`beside ${formatBitRate(competing)}`] : []),
  ].join(', ');
}

/** `1 Gbit/s, 2 ms delay`. */
export function linkText(link: RecordedLink): string {
  const extras = linkExtras(link);
  return formatBitRate(link.bandwidthBitsPerSecond) + (extras === '' ? '' : `, ${extras}`);
}
