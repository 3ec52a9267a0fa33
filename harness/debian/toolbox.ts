/** Programs that migbench needs from the host: the host's own where it has them, else Debian's from a tree. */
import { join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import { hostProgram, type Program } from '../sandbox/process.ts';
import { findProgram } from './host.ts';
import type { ProvisionOptions } from './progress.ts';
import { resolveTree } from './resolve-tree.ts';
import { treeProgram, type Tree } from './tree.ts';

const paths = {
  ip: '/usr/bin/ip',
  bridge: '/usr/sbin/bridge',
  tc: '/usr/sbin/tc',
  mksquashfs: '/usr/bin/mksquashfs',
  unsquashfs: '/usr/bin/unsquashfs',
  cpio: '/usr/bin/cpio',
  xz: '/usr/bin/xz',
  depmod: '/usr/sbin/depmod',
  modinfo: '/usr/sbin/modinfo',
} as const;

/** A program that the toolbox knows. */
export type ToolName = keyof typeof paths;

const request = {
  name: 'toolbox',
  suite: 'bookworm',
  packages: ['iproute2', 'squashfs-tools', 'cpio', 'xz-utils', 'kmod'],
  // libtirpc (with Kerberos behind it) is for ss, libdb for arpd.
  leaveOut: ['debconf', 'libcap2-bin', 'libdb5.3', 'libtirpc3'],
} as const;

/** Programs, ready to be started. */
export interface Toolbox {
  /** The tree that some of them come from; absent where the host has all that was asked for. */
  readonly tree?: Tree;
  /**
   * @throws MigbenchError `internal` for a program that was not asked for when the toolbox was opened.
   */
  program(name: ToolName): Program;
}

/**
 * Programs by name. Nothing is downloaded where the host has them all.
 *
 * @param source `prefer-host`, or `tree` where the result must not depend on the host's version.
 * @throws MigbenchError `host-unfit` where a tree is needed and cannot be made; `interrupted`.
 */
export async function openToolbox(
  names: readonly ToolName[],
  options: ProvisionOptions & { readonly source?: 'prefer-host' | 'tree' } = {},
): Promise<Toolbox> {
  const programs = new Map<ToolName, Program>();
  const missing: ToolName[] = [];
  for (const name of names) {
    const found = options.source === 'tree' ? undefined : findProgram(name);
    if (found === undefined) missing.push(name);
    else programs.set(name, hostProgram(found));
  }
  const tree = missing.length === 0 ? undefined : await resolveTree(request, options);
  if (tree !== undefined) {
    for (const name of missing) programs.set(name, toolOf(tree, name));
  }
  return {
    ...(tree === undefined ? {} : { tree }),
    program(name) {
      const program = programs.get(name);
      if (program !== undefined) return program;
      throw new MigbenchError('internal', `${name} was not asked for when the toolbox was opened`);
    },
  };
}

function toolOf(tree: Tree, name: ToolName): Program {
  const program = treeProgram(tree, paths[name]);
  // Tables of delay distributions.
  return name === 'tc'
    ? { ...program, env: { TC_LIB_DIR: join(tree.root, 'usr/lib/tc') } }
    : program;
}
