/** Packages that arrived for a tree which was not finished: kept, checked, and used by the next attempt. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import type { PackageFile } from './apt-output.ts';
import { isAbandoned, linkOrCopy, safeName, type CacheLayout } from './cache.ts';
import type { TreeRequest } from './refs.ts';
import { isIntact, removeTree } from './unpack.ts';

/** What the work folders of a tree's makers are called (see `WorkDirectory`). */
export function workPurpose(request: Pick<TreeRequest, 'name'>): string {
  return safeName(request.name);
}

/** Whether a work folder is of a maker of this very tree: `<purpose>-<process>-<8 hex>`. */
function isWorkFor(request: Pick<TreeRequest, 'name'>, name: string): boolean {
  const purpose = `${workPurpose(request)}-`;
  return name.startsWith(purpose) && /^\d+-[0-9a-f]{8}$/.test(name.slice(purpose.length));
}

/**
 * Give apt the packages that an interrupted attempt at this tree has left, each checked; a killed one's included. Those
 * of other trees are left to their own next attempt, which may be going on beside this one.
 */
export async function bringDownloads(
  layout: CacheLayout,
  request: Pick<TreeRequest, 'name'>,
  packages: readonly PackageFile[],
  archives: string,
): Promise<void> {
  for (const name of await readdir(layout.work).catch((): string[] => [])) {
    const abandoned = join(layout.work, name);
    if (!isWorkFor(request, name) || !isAbandoned(abandoned)) continue;
    await keepDownloads(layout, packages, join(abandoned, 'apt', 'archives'));
    await removeTree(abandoned);
  }
  for (const file of packages) {
    const kept = join(layout.debs, `${file.sha256}.deb`);
    if (await isIntact(kept, file))
      await linkOrCopy(kept, join(archives, file.file)).catch(() => undefined);
    else await rm(kept, { force: true });
  }
}

/** Keep what arrived whole for the next attempt, under its content's name. */
export async function keepDownloads(
  layout: CacheLayout,
  packages: readonly PackageFile[],
  archives: string,
): Promise<void> {
  await mkdir(layout.debs, { recursive: true });
  for (const file of packages) {
    const arrived = join(archives, file.file);
    if (!existsSync(arrived) || !(await isIntact(arrived, file))) continue;
    await rename(arrived, join(layout.debs, `${file.sha256}.deb`)).catch((error: unknown) => {
      // Another process was faster, with the prune of an abandoned folder say.
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    });
  }
}
