/** `migbench cache prune --all`: everything goes that no running program of this host uses. */
import { rm } from 'node:fs/promises';
import { listCache, type PruneResult } from '../qemu/builds/index.ts';
import { requireUnusedCache } from './cache-users.ts';

/**
 * Remove everything that is in the cache, but for work and locks of live processes.
 *
 * @throws MigbenchError `usage` where a running program uses the cache.
 */
export async function pruneEverything(
  options: { readonly dryRun?: boolean } = {},
): Promise<PruneResult> {
  requireUnusedCache('Wait until it has ended, or leave out --all.');
  const removed = (await listCache()).filter(
    ({ kind, needed }) => !needed || (kind !== 'unfinished' && kind !== 'lock'),
  );
  if (options.dryRun !== true) {
    for (const { path } of removed) {
      await rm(path, { recursive: true, force: true, maxRetries: 2 });
    }
  }
  return { freedBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), removed };
}
