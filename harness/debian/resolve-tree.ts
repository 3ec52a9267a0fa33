/** From a request to a tree: out of the cache where it is there, else solved, downloaded, checked and unpacked. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import { download, openApt, offeredVersions, solve, updateLists, type AptState } from './apt.ts';
import type { PackageFile } from './apt-output.ts';
import { hostArchitecture } from './architecture.ts';
import { cacheError, cacheLayout, WorkDirectory, type CacheLayout } from './cache.ts';
import { bringDownloads, keepDownloads, workPurpose } from './downloads.ts';
import { withLock } from './lock.ts';
import { manifestName, surveyTree, treeKey, TREE_LAYOUT, type TreeManifest } from './manifest.ts';
import { megabytes, type ProvisionOptions } from './progress.ts';
import { cachedTree, intactTree, writeReference, type TreeRequest } from './refs.ts';
import { requireListablePath, treeOf, type Tree } from './tree.ts';
import { flush, removeTree, unpackPackages } from './unpack.ts';

/** Unpacked size over packed size, with room to spare: seen 3.5 to 4.5. */
const UNPACKED_RATIO = 6;

/**
 * The tree for a request.
 *
 * A cached answer is used as it is, without network, until `options.refresh` asks for the mirror's current one. Safe
 * to call from several processes at once: one works, the others wait for it.
 *
 * @throws MigbenchError `host-unfit` (no mirror, no keys, network, disk), each saying what to do; `interrupted`.
 */
export async function resolveTree(
  request: TreeRequest,
  options: ProvisionOptions = {},
): Promise<Tree> {
  const layout = cacheLayout(options.cache);
  // Before anything is fetched to where it could not be run.
  requireListablePath(layout.root);
  if (options.refresh !== true) {
    const tree = cachedTree(layout, request);
    if (tree !== undefined) return tree;
  }
  return withLock(layout, request.name, options, async () => {
    if (options.refresh !== true) {
      const tree = cachedTree(layout, request);
      if (tree !== undefined) return tree;
    }
    try {
      return await makeTree(layout, request, options);
    } catch (error) {
      throw cacheError(error, layout);
    }
  });
}

async function makeTree(
  layout: CacheLayout,
  request: TreeRequest,
  options: ProvisionOptions,
): Promise<Tree> {
  const architecture = hostArchitecture();
  await using work = new WorkDirectory(layout, workPurpose(request));
  const aptFolder = await work.folder('apt');
  const apt = await openApt(aptFolder, { leaveOut: [], ...request }, architecture, layout, options);
  await updateLists(apt);
  const packages = await solve(apt).catch(async (error: unknown) => {
    throw await explainPin(apt, request, error);
  });
  const key = treeKey(packages);
  const known = intactTree(layout, key);
  if (known !== undefined) {
    await writeReference(layout, request, key);
    return known;
  }
  await requireSpace(layout, packages);
  const archives = join(aptFolder, 'archives');
  await bringDownloads(layout, request, packages, archives);
  const root = join(work.path, 'tree');
  try {
    await download(apt, packages);
    await unpackPackages(packages, archives, root, options);
  } catch (error) {
    await keepDownloads(layout, packages, archives);
    throw error;
  }
  const manifest: TreeManifest = {
    layout: TREE_LAYOUT,
    key,
    suite: request.suite,
    createdAt: new Date().toISOString(),
    packages: packages.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
    ...(await surveyTree(root, architecture.triplet)),
  };
  await writeFile(join(root, manifestName), `${JSON.stringify(manifest)}\n`);
  await flush(root);
  const tree = await publish(layout, root, manifest);
  await writeReference(layout, request, key);
  for (const { sha256 } of packages) await rm(join(layout.debs, `${sha256}.deb`), { force: true });
  return tree;
}

/** Rename a finished tree to its place; a damaged one that is there makes way. */
async function publish(layout: CacheLayout, root: string, manifest: TreeManifest): Promise<Tree> {
  const place = join(layout.trees, manifest.key);
  await mkdir(layout.trees, { recursive: true });
  if (existsSync(place)) {
    const other = intactTree(layout, manifest.key);
    if (other !== undefined) return other;
    const aside = `${root}.damaged`;
    await rename(place, aside);
    await removeTree(aside);
  }
  await rename(root, place);
  return treeOf(place, manifest);
}

async function requireSpace(layout: CacheLayout, packages: readonly PackageFile[]): Promise<void> {
  const packed = packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { bavail, bsize } = await statfs(layout.root);
  const needed = packed * (1 + UNPACKED_RATIO);
  if (bavail * bsize >= needed) return;
  throw new MigbenchError(
    'host-unfit',
    `Not enough space in ${layout.root}: expected ${megabytes(needed)} free, found ${megabytes(bavail * bsize)}. Free some, run \`migbench cache prune\`, or name another place with XDG_CACHE_HOME.`,
  );
}

/** Where a pinned version is not to be had, say which ones are. */
async function explainPin(apt: AptState, request: TreeRequest, error: unknown): Promise<unknown> {
  const [main] = request.packages;
  const { pin } = request;
  if (pin === undefined || main === undefined) return error;
  if (error instanceof MigbenchError && error.code === 'interrupted') return error;
  const versions = await offeredVersions(apt, main).catch((): string[] => []);
  if (versions.includes(pin.version)) return error;
  return new MigbenchError(
    'host-unfit',
    `${request.suite} has no ${main} of version ${pin.version}: this mirror offers ${versions.join(', ') || 'none'}. Name one of these, or a mirror that still keeps that version with --mirror URL.`,
    { cause: error },
  );
}
