/** `tree.json`: what a tree was made of, and enough about its files to notice that some are gone. */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { readdir, lstat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import type { PackageFile } from './apt-output.ts';

/** Raised whenever trees are laid out differently, so that none of an older layout is taken for one of today's. */
export const TREE_LAYOUT = 1;

export const manifestName = 'tree.json';

const manifestSchema = z.object({
  layout: z.literal(TREE_LAYOUT),
  key: z.string(),
  suite: z.string(),
  /** RFC 3339, UTC. */
  createdAt: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string(), sha256: z.string() })),
  /** Folders that hold shared libraries, relative to the root, in search order. */
  libraryFolders: z.array(z.string()),
  /** Size in bytes of every file that matters (programs, libraries, large files), by path relative to the root. */
  files: z.record(z.string(), z.number()),
  sizeBytes: z.number(),
});

export type TreeManifest = z.infer<typeof manifestSchema>;

/** A tree's key: a hash of the packages in it (names, versions, SHA-256) and of the layout. */
export function treeKey(
  packages: readonly Pick<PackageFile, 'name' | 'version' | 'sha256'>[],
): string {
  const lines = packages
    .map(({ name, version, sha256 }) => `${name} ${version} ${sha256}\n`)
    .sort();
  return createHash('sha256')
    .update(`layout ${TREE_LAYOUT}\n${lines.join('')}`)
    .digest('hex')
    .slice(0, 32);
}

/** Files below this size are only noted when they are programs or libraries. */
const LARGE_BYTES = 32 * 1024;

/** Walk a finished tree and note what its manifest says of its files. */
export async function surveyTree(
  root: string,
  triplet: string,
): Promise<Pick<TreeManifest, 'files' | 'libraryFolders' | 'sizeBytes'>> {
  const files: Record<string, number> = {};
  const libraryFolders = [`usr/lib/${triplet}`, 'usr/lib', 'usr/lib64'];
  let sizeBytes = 0;
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    const inside = relative(root, folder);
    const holdsLibraries = entries.some((entry) => /^lib.*\.so(\.|$)/.test(entry.name));
    const isPrivate =
      basename(folder) !== 'gconv' &&
      inside.startsWith(`usr/lib/${triplet}/`) &&
      inside.split('/').length === 4;
    if (holdsLibraries && isPrivate) libraryFolders.push(inside);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) {
        const { size, mode } = await lstat(path);
        sizeBytes += size;
        if (size >= LARGE_BYTES || (mode & 0o111) !== 0 || /\.so(\.|$)|\.[ao]$/.test(entry.name)) {
          files[join(inside, entry.name)] = size;
        }
      }
    }
  };
  await walk(root);
  return { files, libraryFolders: libraryFolders.sort(byDepth), sizeBytes };
}

function byDepth(left: string, right: string): number {
  const main = (path: string): number => (/^usr\/lib\/[^/]+-linux-[^/]+$/.test(path) ? 0 : 1);
  return main(left) - main(right) || (left < right ? -1 : 1);
}

/** Read a tree's manifest; `undefined` where it is missing or not one. */
export function readManifest(root: string): TreeManifest | undefined {
  try {
    const parsed = manifestSchema.safeParse(
      JSON.parse(readFileSync(join(root, manifestName), 'utf8')),
    );
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Paths that the manifest names and that are gone or of another size; contents are not read. */
export function damagedFiles(root: string, manifest: TreeManifest): string[] {
  return Object.entries(manifest.files)
    .filter(([path, size]) => lstatSync(join(root, path), { throwIfNoEntry: false })?.size !== size)
    .map(([path]) => path);
}
