/** What is in the cache, and the removal of what nothing needs. */
import { readdirSync, statSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bootId, cacheLayout, isAbandoned, type CacheLayout } from './cache.ts';
import { STALE_MS } from './lock.ts';
import { readManifest } from './manifest.ts';
import { readReference, type TreeReference } from './refs.ts';
import { removeTree } from './unpack.ts';

/** One thing in the cache. */
export interface CacheEntry {
  readonly kind:
    'tree' | 'image' | 'lists' | 'download' | 'unfinished' | 'lock' | 'fact' | 'reference';
  /** Absolute path. */
  readonly path: string;
  readonly sizeBytes: number;
  /** What it is for: names of the references to a tree, or the file's own name. */
  readonly usedFor: readonly string[];
  /** When it was last used or written, ms since the epoch. */
  readonly lastUsedMs: number;
  /** Whether `cache prune` removes it. */
  readonly needed: boolean;
}

/** References that a newer one of the same name has replaced are kept this long after their last use, in ms. */
const SUPERSEDED_MS = 7 * 24 * 3_600_000;
/** Images and facts that were not used for this long, in ms, are removed. */
const UNUSED_MS = 30 * 24 * 3_600_000;
const names = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch((): string[] => [])).sort();

/** Bytes of a file or of everything in a folder; hard-linked files count in full. */
export async function sizeOf(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.size;
  let sum = 0;
  for (const name of await names(path)) sum += await sizeOf(join(path, name));
  return sum;
}

function mtimeMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** When a file, or a file of the folder, was last read or written (to a day: file systems are lazy about it). */
function lastReadMs(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return Math.max(stats.atimeMs, stats.mtimeMs);
  const times = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => lastReadMs(join(path, entry.name)));
  return Math.max(stats.mtimeMs, ...times);
}

/** A reference with its file. */
export interface ReferenceFile {
  readonly path: string;
  readonly reference: TreeReference;
  readonly lastUsedMs: number;
}

/** All readable references, the most recently used first. */
export async function listReferences(layout: CacheLayout): Promise<ReferenceFile[]> {
  const found: ReferenceFile[] = [];
  for (const name of await names(layout.refs)) {
    const path = join(layout.refs, name);
    const reference = readReference(path);
    if (reference !== undefined) found.push({ path, reference, lastUsedMs: mtimeMs(path) });
  }
  return found.sort((left, right) => right.lastUsedMs - left.lastUsedMs);
}

/** Everything in the cache, the largest first. */
export async function listCache(options: { readonly cache?: string } = {}): Promise<CacheEntry[]> {
  const layout = cacheLayout(options.cache);
  const now = Date.now();
  const references = await listReferences(layout);
  const current = references.filter(
    ({ reference, lastUsedMs }, index) =>
      now - lastUsedMs < SUPERSEDED_MS ||
      references.findIndex((other) => other.reference.name === reference.name) === index,
  );
  const entries: CacheEntry[] = [];
  const add = async (
    kind: CacheEntry['kind'],
    folder: string,
    describe: (path: string, name: string) => Pick<CacheEntry, 'needed' | 'usedFor'>,
  ): Promise<void> => {
    for (const name of await names(folder)) {
      const path = join(folder, name);
      entries.push({
        kind,
        path,
        sizeBytes: await sizeOf(path),
        lastUsedMs: mtimeMs(path),
        ...describe(path, name),
      });
    }
  };
  await add('tree', layout.trees, (path, name) => {
    const users = current
      .filter(({ reference }) => reference.key === name)
      .map(({ reference }) => reference.name);
    return {
      usedFor: [...new Set(users)],
      needed: users.length > 0 && readManifest(path) !== undefined,
    };
  });
  await add('reference', layout.refs, (path, name) => ({
    usedFor: [name],
    needed: current.some((reference) => reference.path === path),
  }));
  await add('image', join(layout.root, 'images'), (path, name) => ({
    usedFor: [name],
    needed: now - lastReadMs(path) < UNUSED_MS,
  }));
  await add('fact', layout.facts, (path, name) => ({
    usedFor: [name],
    needed: now - mtimeMs(path) < UNUSED_MS,
  }));
  await add('fact', join(layout.root, 'programs'), (path, name) => ({
    usedFor: [name],
    needed: now - lastReadMs(path) < UNUSED_MS,
  }));
  // Verdicts on KVM hold until the host boots again (harness/qemu/accelerator.ts).
  await add('fact', join(layout.root, 'accelerators'), (_, name) => ({
    usedFor: [name],
    needed: name.includes(bootId()),
  }));
  await add('lists', layout.lists, (_, name) => ({ usedFor: [name], needed: false }));
  await add('download', layout.debs, (_, name) => ({ usedFor: [name], needed: false }));
  await add('unfinished', layout.work, (path, name) => ({
    usedFor: [name],
    needed: !isAbandoned(path),
  }));
  await add('lock', layout.locks, (path, name) => ({
    usedFor: [name],
    needed: now - mtimeMs(path) < 2 * STALE_MS,
  }));
  return entries.sort((left, right) => right.sizeBytes - left.sizeBytes);
}

/** What a prune did. */
export interface PruneResult {
  readonly freedBytes: number;
  readonly removed: readonly CacheEntry[];
}

/**
 * Remove what nothing needs: trees without a reference, replaced references, images and facts long unused, package
 * lists, verdicts on KVM of an earlier boot, downloads and unfinished work whose maker is gone, stale locks. Nothing a live process makes is touched.
 */
export async function pruneCache(
  options: { readonly cache?: string; readonly dryRun?: boolean } = {},
): Promise<PruneResult> {
  const removed = (await listCache(options)).filter(({ needed }) => !needed);
  if (options.dryRun !== true) {
    for (const { kind, path } of removed) {
      if (kind === 'tree' || kind === 'unfinished') await removeTree(path);
      else await rm(path, { recursive: true, force: true });
    }
  }
  return { freedBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), removed };
}
