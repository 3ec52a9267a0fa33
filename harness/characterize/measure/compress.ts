/** How well pages compress, and how fast: zlib at level 1, in groups as QEMU's multifd forms them. */
import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';

/** Pages of one multifd packet: 512 KiB. */
const GROUP_BYTES = 512 * 1024;
/** multifd-zlib-level, QEMU's default. */
const LEVEL = 1;

export interface Compression {
  /** Uncompressed over compressed. */
  readonly ratio: number;
  /** Uncompressed bytes that one thread of this host takes in. */
  readonly bytesPerSecond: number;
}

/** Of the pages in a file, one after another; `undefined` where there are none. */
export async function compression(path: string): Promise<Compression | undefined> {
  const pages = await readFile(path);
  if (pages.length === 0) return undefined;
  let compressed = 0;
  const used = process.cpuUsage();
  for (let at = 0; at < pages.length; at += GROUP_BYTES) {
    compressed += deflateSync(pages.subarray(at, at + GROUP_BYTES), { level: LEVEL }).length;
  }
  const seconds = process.cpuUsage(used).user / 1e6;
  return {
    ratio: pages.length / compressed,
    bytesPerSecond: pages.length / Math.max(1e-6, seconds),
  };
}
