/** Which modules of a Debian kernel the guest loads, in which order. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigbenchError } from '../../errors.ts';

/** What the guest needs beyond what is built into the kernel: its disk, its network, its root file system. */
export const WANTED_MODULES = [
  'virtio_pci',
  'virtio_blk',
  'virtio_net',
  'squashfs',
  'overlay',
] as const;

export interface KernelModule {
  readonly name: string;
  readonly content: Buffer;
}

/** The names in a module's own `depends=` entry (section .modinfo), with the kernel's underscores. */
export function dependenciesOf(module: Buffer): string[] {
  const marker = '\0depends=';
  const at = module.indexOf(marker, 0, 'latin1');
  if (at < 0) return [];
  const start = at + marker.length;
  const text = module.toString('latin1', start, module.indexOf(0, start));
  return text.split(',').flatMap((name) => (name === '' ? [] : [name.replaceAll('-', '_')]));
}

/**
 * The release of the kernel whose modules are in `folder` (`lib/modules` of a tree).
 *
 * @throws MigbenchError `internal` where there is not exactly one.
 */
export async function kernelVersionOf(folder: string): Promise<string> {
  const [version, ...others] = await readdir(folder);
  if (version !== undefined && others.length === 0) return version;
  throw new MigbenchError('internal', `Expected the modules of one kernel in ${folder}.`);
}

async function moduleFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of await readdir(folder, { recursive: true })) {
    const name = /([^/]+)\.ko$/.exec(path)?.[1];
    if (name !== undefined) files.set(name.replaceAll('-', '_'), join(folder, path));
  }
  return files;
}

/**
 * The wanted modules and what they depend on, each after its own dependencies.
 *
 * A wanted module that the kernel does not have as a file is taken to be built in.
 *
 * @param folder `lib/modules/<version>/kernel` of the kernel's package.
 * @throws MigbenchError `internal` where the folder holds no plain `.ko` files at all (another kernel packaging).
 */
export async function orderedModules(
  folder: string,
  wanted: readonly string[] = WANTED_MODULES,
): Promise<KernelModule[]> {
  const files = await moduleFiles(folder);
  if (files.size === 0) {
    throw new MigbenchError('internal', `Expected kernel modules (*.ko) in ${folder}, found none.`);
  }
  const ordered = new Map<string, KernelModule>();
  const add = async (name: string): Promise<void> => {
    const file = files.get(name);
    if (file === undefined || ordered.has(name)) return;
    const content = await readFile(file);
    for (const dependency of dependenciesOf(content)) await add(dependency);
    ordered.set(name, { name, content });
  };
  for (const name of wanted) await add(name);
  return [...ordered.values()];
}
