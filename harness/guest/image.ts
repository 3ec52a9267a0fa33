/**
 * The guest image: a distribution kernel, a small initramfs and a squashfs root, made once per recipe and kept in the
 * cache as `images/<key>`. A whole image is renamed to that name, so what is there is whole.
 */
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cacheLayout, markUsed, WorkDirectory } from '../debian/cache.ts';
import { compileStatic, compilerTree } from '../debian/compiler.ts';
import { withLock } from '../debian/lock.ts';
import type { ProvisionOptions } from '../debian/progress.ts';
import { resolveTree } from '../debian/resolve-tree.ts';
import { openToolbox } from '../debian/toolbox.ts';
import { resolveInTree, type Tree } from '../debian/tree.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import { run } from '../sandbox/process.ts';
import { cpioArchive } from './image/cpio.ts';
import { kernelVersionOf, orderedModules } from './image/kernel-modules.ts';
import {
  AGENT_SOURCES,
  agentFolder,
  BOOT_SOURCES,
  GUEST_SUITE,
  IMAGE_LAYOUT,
  imageKey,
  kernelRequest,
  rootRequest,
  type WorkloadSource,
} from './image/recipe.ts';
import { builtInWorkload } from '../../workloads/registry.ts';
import type { WorkloadDefinition } from '../../workloads/types.ts';
import { addSkeleton, openFolders, stageTree } from './image/root-files.ts';

export type { WorkloadSource } from './image/recipe.ts';
export { guestCommandLine, userModeNetwork, type GuestNetwork } from './image/command-line.ts';

/** What QEMU needs to boot a guest; all paths are absolute. */
export interface GuestImage {
  /** Hash of everything the image was made of. */
  readonly key: string;
  readonly kernel: string;
  readonly initrd: string;
  /** The root file system (squashfs): the first virtio disk, read-only. */
  readonly root: string;
  readonly suite: string;
  /** The kernel's release, as `uname -r` says it in the guest. */
  readonly kernelVersion: string;
}

export interface ImageRequest extends ProvisionOptions {
  /** Their programs and packages are in the image. Order does not matter; duplicates must not be given. */
  readonly workloads: readonly WorkloadSource[];
}

const manifestSchema = z.object({
  layout: z.literal(IMAGE_LAYOUT),
  key: z.string(),
  suite: z.string(),
  kernelVersion: z.string(),
  /** RFC 3339, UTC. */
  createdAt: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string() })),
  workloads: z.array(z.string()),
  sizesBytes: z.object({ kernel: z.number(), initrd: z.number(), root: z.number() }),
});
type ImageManifest = z.infer<typeof manifestSchema>;

const MANIFEST = 'image.json';
const FILES = { kernel: 'vmlinuz', initrd: 'initrd', root: 'root.squashfs' } as const;
const PACK_LIMIT_MS = 5 * 60_000;

/**
 * The image for these workloads: from the cache, else made (about 75 MB of packages, then a few seconds).
 *
 * Safe to call from several processes at once.
 *
 * @throws MigbenchError `host-unfit` where packages or tools cannot be had; `plan-invalid` where a workload names files
 *   that are not there, or a program of a user's own does not compile; `interrupted`.
 */
export async function buildImage(request: ImageRequest): Promise<GuestImage> {
  const { workloads, ...options } = request;
  const [kernelTree, rootTree, compiler] = await Promise.all([
    resolveTree(kernelRequest, options),
    resolveTree(rootRequest(workloads), options),
    compilerTree(options),
  ]);
  const key = await imageKey([kernelTree.key, rootTree.key, compiler.key], workloads).catch(
    (error: unknown) => {
      throw new MigbenchError(
        'plan-invalid',
        `Cannot read a file that a workload names: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    },
  );
  const layout = cacheLayout(options.cache);
  const place = join(layout.root, 'images', key);
  const known = await readImage(place, key);
  if (known !== undefined) return known;
  return withLock(layout, `image-${key}`, options, async () => {
    const other = await readImage(place, key);
    if (other !== undefined) return other;
    await using work = new WorkDirectory(layout, `image-${key.slice(0, 8)}`);
    const folder = await work.folder('image');
    const kernelVersion = await kernelVersionOf(resolveInTree(kernelTree, '/lib/modules'));
    await copyFile(
      resolveInTree(kernelTree, `/boot/vmlinuz-${kernelVersion}`),
      join(folder, FILES.kernel),
    );
    await makeInitrd(kernelTree, kernelVersion, join(folder, FILES.initrd), work, options);
    const stage = join(work.path, 'root');
    await stageRoot(rootTree, stage, workloads, options);
    await pack(stage, join(folder, FILES.root), options);
    const manifest: ImageManifest = {
      layout: IMAGE_LAYOUT,
      key,
      suite: GUEST_SUITE,
      kernelVersion,
      createdAt: new Date().toISOString(),
      packages: [...kernelTree.packages, ...rootTree.packages],
      workloads: workloads.map(({ definition }) => definition.id).sort(),
      sizesBytes: await sizesOf(folder),
    };
    await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await rm(place, { recursive: true, force: true });
    await mkdir(dirname(place), { recursive: true });
    await rename(folder, place);
    return imageAt(place, manifest);
  });
}

function imageAt(place: string, { key, suite, kernelVersion }: ImageManifest): GuestImage {
  return {
    key,
    kernel: join(place, FILES.kernel),
    initrd: join(place, FILES.initrd),
    root: join(place, FILES.root),
    suite,
    kernelVersion,
  };
}

async function sizesOf(folder: string): Promise<ImageManifest['sizesBytes']> {
  const size = async (name: string): Promise<number> => (await stat(join(folder, name))).size;
  return {
    kernel: await size(FILES.kernel),
    initrd: await size(FILES.initrd),
    root: await size(FILES.root),
  };
}

/** A finished image, for use; `undefined` where there is none, or its files are not what its manifest says. */
export async function readImage(place: string, key: string): Promise<GuestImage | undefined> {
  if (!existsSync(join(place, MANIFEST))) return undefined;
  try {
    const text = await readFile(join(place, MANIFEST), 'utf8');
    const manifest = manifestSchema.parse(JSON.parse(text));
    const sizes = await sizesOf(place);
    const { kernel, initrd, root } = manifest.sizesBytes;
    const whole = sizes.kernel === kernel && sizes.initrd === initrd && sizes.root === root;
    if (!whole || manifest.key !== key) return undefined;
    markUsed(join(place, MANIFEST));
    return imageAt(place, manifest);
  } catch {
    return undefined;
  }
}

async function makeInitrd(
  kernelTree: Tree,
  kernelVersion: string,
  output: string,
  work: WorkDirectory,
  options: ProvisionOptions,
): Promise<void> {
  const boot = join(work.path, 'boot');
  await compileStatic(
    { sources: BOOT_SOURCES.map((name) => join(agentFolder, name)), output: boot },
    options,
  );
  const modules = await orderedModules(
    resolveInTree(kernelTree, `/lib/modules/${kernelVersion}/kernel`),
  );
  const order = modules.map(({ name }) => `${name}.ko\n`).join('');
  const archive = cpioArchive([
    { path: 'init', content: await readFile(boot), executable: true },
    { path: 'modules' },
    ...modules.map(({ name, content }) => ({ path: `modules/${name}.ko`, content })),
    { path: 'modules/order', content: Buffer.from(order) },
  ]);
  await writeFile(output, archive);
}

/** Sources of others than ours are their owner's to mend. */
function isBuiltIn({ id }: WorkloadDefinition): boolean {
  return builtInWorkload(id) !== undefined;
}

async function stageRoot(
  rootTree: Tree,
  stage: string,
  workloads: readonly WorkloadSource[],
  options: ProvisionOptions,
): Promise<void> {
  await stageTree(rootTree.root, stage);
  await addSkeleton(stage);
  const agent = join(stage, 'usr/lib/migbench/agent');
  const sources = AGENT_SOURCES.map((name) => join(agentFolder, name));
  await compileStatic({ sources, output: agent }, options);
  for (const { definition, folder } of workloads) {
    for (const program of definition.guest.programs ?? []) {
      await compileStatic(
        {
          sources: program.sources.map((source) => join(folder, source)),
          output: join(stage, program.target),
          libraries: ['m'],
          ...(isBuiltIn(definition) ? {} : { errorCode: 'plan-invalid' }),
        },
        options,
      );
    }
    for (const file of definition.guest.files ?? []) {
      const target = join(stage, file.target);
      await mkdir(dirname(target), { recursive: true });
      await rm(target, { force: true });
      const mode = file.executable === true ? 0o755 : 0o644;
      await writeFile(target, await readFile(join(folder, file.source)));
      await chmod(target, mode);
    }
  }
  await openFolders(stage);
}

/** Pack the root: owned by root, without times and attributes, so that equal files give an equal image. */
async function pack(stage: string, output: string, options: ProvisionOptions): Promise<void> {
  const toolbox = await openToolbox(['mksquashfs'], options);
  options.onProgress?.({ phase: 'unpack', doneBytes: 0, detail: 'guest image: packing the root' });
  const looks = ['-noappend', '-no-progress', '-quiet', '-comp', 'lz4'];
  const sameness = ['-all-root', '-no-xattrs', '-all-time', '0', '-mkfs-time', '0'];
  await run(toolbox.program('mksquashfs'), [stage, output, ...looks, ...sameness], {
    timeoutMs: PACK_LIMIT_MS,
    purpose: 'pack the root file system of the guest image',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}
