/** The cache: whether it can be written, what is in it, and the room that is left. */
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sizeOf } from '../debian/prune.ts';
import { messageOf } from '../errors.ts';
import { formatBytes } from '../units.ts';
import { bad, ok, warn, type Finding } from './finding.ts';

/** What a first run fetches and makes: a QEMU, tools, a compiler, the guest's packages, the image. */
const FIRST_RUN_BYTES = 2e9;
/** Room for records, saved guests and reports. */
const LEAST_BYTES = 200e6;

export interface CacheState {
  readonly findings: readonly Finding[];
  /** Whether a guest image was made before. */
  readonly hasImage: boolean;
}

/** The nearest folder of a path that exists. */
function existingFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

async function checkWritable(folder: string): Promise<Finding> {
  const existed = existsSync(folder);
  try {
    await mkdir(folder, { recursive: true });
    const probe = join(folder, `.doctor-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
    return ok(
      'cache',
      existed ? `${folder}, ${formatBytes(await sizeOf(folder))}` : `${folder}, empty`,
    );
  } catch (error) {
    return bad(
      'cache',
      `${folder} cannot be written: ${messageOf(error)}`,
      'Make it writable, or set XDG_CACHE_HOME to a folder that is.',
    );
  }
}

export function roomFinding(freeBytes: number, hasImage: boolean): Finding {
  const found = `${formatBytes(freeBytes)} free for the cache`;
  const remedy =
    'Free some space, run migbench cache prune, or set XDG_CACHE_HOME to another disk.';
  if (freeBytes < LEAST_BYTES) return bad('disk', found, remedy);
  return freeBytes < FIRST_RUN_BYTES && !hasImage
    ? warn('disk', `${found}; a first run takes about ${formatBytes(FIRST_RUN_BYTES)}`, remedy)
    : ok('disk', found);
}

export async function checkCache(folder: string): Promise<CacheState> {
  const images = await readdir(join(folder, 'images')).catch((): string[] => []);
  const hasImage = images.length > 0;
  const writable = await checkWritable(folder);
  const { bavail, bsize } = await statfs(existingFolder(folder));
  return { findings: [writable, roomFinding(bavail * bsize, hasImage)], hasImage };
}
