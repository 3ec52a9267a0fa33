/** QEMU out of Debian's packages. */
import { join } from 'node:path';
import { resolveInTree, treeProgram, type Tree } from '../../debian/tree.ts';
import type { ProvisionOptions } from '../../debian/progress.ts';
import type { TreeRequest } from '../../debian/refs.ts';
import { resolveTree } from '../../debian/resolve-tree.ts';
import { hostArchitecture } from '../../debian/architecture.ts';
import type { Program } from '../../sandbox/process.ts';
import { formatBuildReference, type BuildReference } from './reference.ts';

/** Names of the trees that are QEMU builds start with this. */
export const BUILD_TREE_PREFIX = 'qemu-';

const binaryPath = '/usr/bin/qemu-system-x86_64';

/**
 * Packages that only maintainer scripts need, or that hold translations: nothing of them is loaded by QEMU.
 * Libraries that QEMU only loads for a display or a sound card stay: some builds are linked with them.
 */
const leaveOut = [
  'adduser',
  'debconf',
  'dpkg',
  'init-system-helpers',
  'iso-codes',
  'passwd',
  'perl-base',
  'tar',
] as const;

/** The tree that a Debian build is. */
export function buildRequest(reference: BuildReference & { readonly kind: 'debian' }): TreeRequest {
  const { suite, version } = reference;
  return {
    name: BUILD_TREE_PREFIX + formatBuildReference(reference).replace(':', '-'),
    suite,
    // Firmware: seabios is pc's and q35's, ipxe-qemu has the option ROM that virtio-net asks for at start.
    packages: ['qemu-system-x86', 'seabios', 'ipxe-qemu'],
    leaveOut,
    ...(version === undefined ? {} : { pin: { packages: 'qemu*', version } }),
  };
}

/** How to start a Debian build. */
export interface DebianBuild {
  readonly tree: Tree;
  readonly program: Program;
  /** The emulator's file. */
  readonly binary: string;
  readonly firmwareArgs: readonly string[];
}

/** The build as a tree holds it. @throws MigbenchError `internal` where the tree has no QEMU. */
export function buildInTree(tree: Tree): DebianBuild {
  const started = treeProgram(tree, binaryPath);
  const firmware = ['usr/share/qemu', 'usr/share/seabios', 'usr/lib/ipxe/qemu'];
  return {
    tree,
    binary: resolveInTree(tree, binaryPath),
    // Accelerators and devices may be modules, which QEMU would look for beside its loader, or in the host's folders.
    program: {
      ...started,
      env: { QEMU_MODULE_DIR: join(tree.root, 'usr/lib', hostArchitecture().triplet, 'qemu') },
    },
    firmwareArgs: firmware.flatMap((folder) => ['-L', join(tree.root, folder)]),
  };
}

/** Fetch a Debian build, or take it from the cache. @throws as {@link resolveTree} does. */
export async function resolveDebianBuild(
  reference: BuildReference & { readonly kind: 'debian' },
  options: ProvisionOptions,
): Promise<DebianBuild> {
  return buildInTree(await resolveTree(buildRequest(reference), options));
}
