/** References: which tree answered a request, so that a warm start asks neither apt nor the network. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { markUsed, replaceFile, safeName, type CacheLayout } from './cache.ts';
import { damagedFiles, readManifest, TREE_LAYOUT } from './manifest.ts';
import { treeOf, type Tree } from './tree.ts';

/** A tree that is asked for. */
export interface TreeRequest {
  /** What the tree is for, as a person would call it: `qemu-debian-trixie`. One name, one current tree. */
  readonly name: string;
  /** `trixie`, `trixie-backports`, … */
  readonly suite: string;
  readonly packages: readonly string[];
  /** Packages that are not wanted although others depend on them (with all that only they need). */
  readonly leaveOut?: readonly string[];
  /** The version of the first package, and of all whose name matches the pattern (`qemu*`). */
  readonly pin?: { readonly packages: string; readonly version: string };
}

const referenceSchema = z.object({
  name: z.string(),
  request: z.object({
    layout: z.literal(TREE_LAYOUT),
    suite: z.string(),
    packages: z.array(z.string()),
    leaveOut: z.array(z.string()),
    pin: z.object({ packages: z.string(), version: z.string() }).optional(),
  }),
  key: z.string(),
  /** RFC 3339, UTC. */
  resolvedAt: z.string(),
});

export type TreeReference = z.infer<typeof referenceSchema>;

function canonical(request: TreeRequest): TreeReference['request'] {
  return {
    layout: TREE_LAYOUT,
    suite: request.suite,
    packages: [...request.packages].sort(),
    leaveOut: [...(request.leaveOut ?? [])].sort(),
    ...(request.pin === undefined ? {} : { pin: request.pin }),
  };
}

/** The file of a request's reference: two versions of migbench that ask for different things do not collide. */
export function referencePath(layout: CacheLayout, request: TreeRequest): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(canonical(request)))
    .digest('hex')
    .slice(0, 8);
  return join(layout.refs, `${safeName(request.name)}~${hash}.json`);
}

/** Read a reference file; `undefined` where it is missing or not one. */
export function readReference(path: string): TreeReference | undefined {
  try {
    const parsed = referenceSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Point a request at the tree that answers it. */
export async function writeReference(
  layout: CacheLayout,
  request: TreeRequest,
  key: string,
): Promise<void> {
  const reference: TreeReference = {
    name: request.name,
    request: canonical(request),
    key,
    resolvedAt: new Date().toISOString(),
  };
  await replaceFile(referencePath(layout, request), `${JSON.stringify(reference, undefined, 2)}\n`);
}

/** The finished tree with this key, where it is in the cache and no file of it that matters is missing. */
export function intactTree(layout: CacheLayout, key: string): Tree | undefined {
  const root = join(layout.trees, key);
  const manifest = readManifest(root);
  if (manifest === undefined || manifest.key !== key) return undefined;
  return damagedFiles(root, manifest).length === 0 ? treeOf(root, manifest) : undefined;
}

/** The cached answer to a request, without any network; `undefined` where there is none or it is damaged. */
export function cachedTree(layout: CacheLayout, request: TreeRequest): Tree | undefined {
  const path = referencePath(layout, request);
  const reference = readReference(path);
  if (reference === undefined) return undefined;
  const tree = intactTree(layout, reference.key);
  if (tree !== undefined) markUsed(path);
  return tree;
}
