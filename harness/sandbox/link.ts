/** The migration link: how its shape is told to `tc`, and how its bytes are read back. */
import { z } from 'zod';
import { MigbenchError } from '../errors.ts';
import type { LinkShape } from '../plan/types.ts';

/** Bucket of the token-bucket filter where the rate is high: one GSO packet and a half. */
const LARGE_BURST_BYTES = 96 * 1024;
const SMALL_BURST_BYTES = 16 * 1024;
/** Below this rate a large bucket would be a noticeable part of a second. */
const SMALL_BURST_BELOW_BITS_PER_SECOND = 50e6;
/** Longest time a packet waits in the shaper's queue before it is dropped. */
const QUEUE_LATENCY_MS = 50;

/**
 * Bytes that the shaper lets through at once: one millisecond of the rate, at least 96 KiB (16 KiB below
 * 50 Mbit/s), so that segmentation offload survives and the rate holds from 1 Mbit/s to 100 Gbit/s.
 */
export function burstBytes(bitsPerSecond: number): number {
  const floor =
    bitsPerSecond < SMALL_BURST_BELOW_BITS_PER_SECOND ? SMALL_BURST_BYTES : LARGE_BURST_BYTES;
  return Math.max(floor, Math.round(bitsPerSecond / 8 / 1000));
}

/**
 * Arguments of `tc` that shape one end of the link, one command per element.
 *
 * With delay or loss a netem stands at the root and the token bucket below it, as tc-netem(8) says.
 */
export function shapeCommands(device: string, link: LinkShape): string[][] {
  const { delayUs, lossPercent, bandwidthBitsPerSecond: rate } = link;
  const shaper = (parent: string[]): string[] =>
    rate === 'unlimited'
      ? ['qdisc', 'add', 'dev', device, ...parent, 'pfifo', 'limit', '10000']
      : [
          ...['qdisc', 'add', 'dev', device, ...parent, 'tbf', 'rate', `${rate}bit`],
          ...['burst', `${burstBytes(rate)}`, 'latency', `${QUEUE_LATENCY_MS}ms`],
        ];
  if (delayUs === undefined && lossPercent === undefined) return [shaper(['root'])];
  const delay = delayUs === undefined ? [] : ['delay', `${delayUs}us`];
  const loss = lossPercent === undefined ? [] : ['loss', `${lossPercent}%`];
  return [
    ['qdisc', 'add', 'dev', device, 'root', 'handle', '1:', 'netem', ...delay, ...loss].concat([
      'limit',
      '100000',
    ]),
    shaper(['parent', '1:1']),
  ];
}

const statisticsSchema = z.array(z.object({ root: z.boolean().optional(), bytes: z.number() }));

/**
 * Bytes that the root queue of a device has sent, from the output of `tc -s -j qdisc show dev …`.
 *
 * @throws MigbenchError `internal` where the output is not what tc documents.
 */
export function sentBytes(output: string): number {
  const parsed = statisticsSchema.safeParse(JSON.parse(output));
  const root = parsed.data?.find((queue) => queue.root === true);
  if (root === undefined) {
    throw new MigbenchError(
      'internal',
      `Expected the statistics of a root queue from tc, found: ${output.slice(0, 200)}`,
    );
  }
  return root.bytes;
}
