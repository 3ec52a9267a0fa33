/** Copying over the migration link without a QEMU: how fast this host's network is, whatever is migrated over it. */
import { join } from 'node:path';
import { z } from 'zod';
import { MigbenchError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import type { LinkShape } from '../plan/types.ts';
import type { Sandbox } from './host.ts';

/** A copy takes about so long over a link that keeps its rate, ms. */
const COPY_MS = 100;
const LEAST_BYTES = 64 * 1024;
/** Faster links are shaped to this: beyond it the host's own speed is measured, which varies more. */
const MOST_BITS_PER_SECOND = 1e9;
/** Copies that are timed; one more goes before them, for TCP to find the rate. */
const COPIES = 7;
/** All of them, on a host that has other things to do, ms. */
const TIMEOUT_MS = 20_000;

const timesSchema = z.array(z.number()).length(COPIES);

export interface LinkCopies {
  /** Of each copy. */
  readonly bytes: number;
  /** How long each took, from the first byte written to the receiver's answer, ms. */
  readonly timesMs: readonly number[];
}

/** A power of two that the link carries in 50 to 100 ms; more of it at slow ones. */
export function copyBytes({ bandwidthBitsPerSecond: rate }: LinkShape): number {
  const carried = (limited(rate) / 8) * (COPY_MS / 1000);
  return Math.max(LEAST_BYTES, 2 ** Math.floor(Math.log2(carried)));
}

const limited = (rate: LinkShape['bandwidthBitsPerSecond']): number =>
  rate === 'unlimited' ? MOST_BITS_PER_SECOND : Math.min(rate, MOST_BITS_PER_SECOND);

/**
 * Shape the link to a bandwidth, of at most 1 Gbit/s, and copy over it from the source to the destination.
 *
 * @throws MigbenchError `host-unfit` where nothing gets through in time.
 */
export async function timeLinkCopies(sandbox: Sandbox, link: LinkShape): Promise<LinkCopies> {
  // Delay and loss would be measured, and not the host.
  await sandbox.shapeLink({ bandwidthBitsPerSecond: limited(link.bandwidthBitsPerSecond) });
  const bytes = copyBytes(link);
  const entry = join(packageRoot, 'dist', 'harness', 'sandbox', 'link-end.js');
  const node = { file: process.execPath, args: [entry] };
  const address = sandbox.destination.migrationAddress;
  await using _receiver = sandbox.destination.start(node, ['receive', address]);
  const args = ['send', address, `${bytes}`, `${COPIES}`];
  await using sender = sandbox.source.start(node, args, { pipes: true });
  let text = '';
  sender.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = await sender.waitForExit(TIMEOUT_MS);
  const times = timesSchema.safeParse(parsed(text));
  if (ended?.exitCode === 0 && times.success) return { bytes, timesMs: times.data };
  throw new MigbenchError(
    'host-unfit',
    `Copying ${bytes} bytes over the migration link did not work within ${TIMEOUT_MS / 1000} s.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
