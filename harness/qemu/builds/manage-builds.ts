/** The builds that are in the cache: list, add and remove them. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheLayout } from '../../debian/cache.ts';
import { withLock } from '../../debian/lock.ts';
import type { ProvisionOptions } from '../../debian/progress.ts';
import { listReferences, sizeOf } from '../../debian/prune.ts';
import { intactTree } from '../../debian/refs.ts';
import { packageVersion } from '../../debian/tree.ts';
import { removeTree } from '../../debian/unpack.ts';
import { MigbenchError } from '../../errors.ts';
import { BUILD_TREE_PREFIX, buildInTree, buildRequest } from './debian-build.ts';
import { probeBuild } from './probe-build.ts';
import { formatBuildReference, parseBuildReference } from './reference.ts';
import type { QemuBuild } from './build.ts';
import { findSystemQemu, resolveBuild } from './resolve-build.ts';

/** A build that can be used without a download. */
export interface ListedBuild {
  /** `system` or `debian:…` */
  readonly reference: string;
  /** `10.0.13`; absent where the build is damaged, or does not run. */
  readonly version?: string;
  readonly package?: string;
  /** Absolute path of the emulator. */
  readonly binary?: string;
  /** Bytes in the cache; 0 for the system's. */
  readonly sizeBytes: number;
  /** When it was last used, ms since the epoch; absent for the system's. */
  readonly lastUsedMs?: number;
}

const referenceOf = (treeName: string): string =>
  treeName.slice(BUILD_TREE_PREFIX.length).replace('-', ':');

/** The system's QEMU and all Debian builds in the cache. Nothing is downloaded. */
export async function listBuilds(
  options: Pick<ProvisionOptions, 'cache' | 'signal'> = {},
): Promise<ListedBuild[]> {
  const layout = cacheLayout(options.cache);
  const builds: ListedBuild[] = [];
  const system = findSystemQemu();
  if (system !== undefined) {
    const build = await resolveBuild('system', options).catch(() => undefined);
    builds.push({
      reference: 'system',
      binary: system,
      sizeBytes: 0,
      ...(build === undefined ? {} : { version: build.version, package: build.package }),
    });
  }
  const seen = new Set<string>();
  for (const { reference, lastUsedMs } of await listReferences(layout)) {
    if (!reference.name.startsWith(`${BUILD_TREE_PREFIX}debian-`) || seen.has(reference.name))
      continue;
    seen.add(reference.name);
    const tree = intactTree(layout, reference.key);
    const listed = {
      reference: referenceOf(reference.name),
      sizeBytes: await sizeOf(join(layout.trees, reference.key)),
      lastUsedMs,
    };
    if (tree === undefined) {
      builds.push(listed);
      continue;
    }
    const { program, binary } = buildInTree(tree);
    const facts = await probeBuild(program, binary, layout, options.signal).catch(() => undefined);
    const version = facts?.version ?? packageVersion(tree, 'qemu-system-x86');
    builds.push({
      ...listed,
      binary,
      ...(version === undefined ? {} : { version }),
      ...(facts === undefined ? {} : { package: facts.package }),
    });
  }
  return builds;
}

/**
 * Fetch a build, or bring it up to date.
 *
 * @throws as {@link resolveBuild} does.
 */
export async function addBuild(
  reference: string,
  options: ProvisionOptions = {},
): Promise<QemuBuild> {
  return resolveBuild(reference, { ...options, refresh: true });
}

/**
 * Remove a Debian build from the cache.
 *
 * @returns the bytes that this freed: 0 where it was not there, or its packages serve another reference too.
 * @throws MigbenchError `usage` for a build that is not migbench's to remove.
 */
export async function removeBuild(
  reference: string,
  options: ProvisionOptions = {},
): Promise<{ freedBytes: number }> {
  const parsed = parseBuildReference(reference);
  if (parsed.kind !== 'debian') {
    throw new MigbenchError(
      'usage',
      `${formatBuildReference(parsed)} is not in migbench's cache: only debian:… builds can be removed.`,
    );
  }
  const layout = cacheLayout(options.cache);
  const { name } = buildRequest(parsed);
  return withLock(layout, name, options, async () => {
    const references = await listReferences(layout);
    const own = references.filter((file) => file.reference.name === name);
    const others = references.filter((file) => file.reference.name !== name);
    let freedBytes = 0;
    for (const { path, reference: removed } of own) {
      await rm(path, { force: true });
      if (others.some((file) => file.reference.key === removed.key)) continue;
      const root = join(layout.trees, removed.key);
      freedBytes += await sizeOf(root);
      await removeTree(root);
    }
    return { freedBytes };
  });
}
