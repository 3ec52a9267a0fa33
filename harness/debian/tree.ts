/**
 * A tree: a folder with Debian packages and all that they need, unpacked.
 *
 * Its programs run by the tree's own dynamic loader with the tree's own libraries, not in a chroot: that needs no
 * namespace, and is the same for root, for an ordinary user and in the loopback mode. A program so started sees the
 * host's files, so data it would look for under /usr/share must be named on its command line.
 */
import { existsSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MigbenchError } from '../errors.ts';
import { hostProgram, type Program } from '../sandbox/process.ts';
import { hostArchitecture } from './architecture.ts';
import { executableKind } from './elf.ts';
import type { TreeManifest } from './manifest.ts';

/** Packages unpacked under `root`. */
export interface Tree {
  /** Hash of the packages' names, versions and contents. */
  readonly key: string;
  /** Absolute path. */
  readonly root: string;
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  /** Absolute paths of the folders that hold the tree's shared libraries, in search order. */
  readonly libraryFolders: readonly string[];
}

/** The tree that a manifest in `root` describes. */
export function treeOf(root: string, manifest: TreeManifest): Tree {
  return {
    key: manifest.key,
    root,
    packages: manifest.packages.map(({ name, version }) => ({ name, version })),
    libraryFolders: manifest.libraryFolders.map((folder) => join(root, folder)),
  };
}

/** The version of a package of the tree; `undefined` where it is not in it. */
export function packageVersion(tree: Tree, name: string): string | undefined {
  return tree.packages.find((candidate) => candidate.name === name)?.version;
}

const LINK_LIMIT = 40;

/** Follow symbolic links as a process whose root is the tree would; the result may not exist. */
export function resolveInTree(tree: Pick<Tree, 'root'>, path: string): string {
  const rest = path.split('/').filter((part) => part !== '');
  const done: string[] = [];
  for (let links = 0; rest.length > 0;) {
    const part = rest.shift();
    if (part === undefined || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const here = join(tree.root, ...done, part);
    if (lstatSync(here, { throwIfNoEntry: false })?.isSymbolicLink() !== true) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > LINK_LIMIT)
      throw new MigbenchError('internal', `Too many symbolic links at ${path} in ${tree.root}`);
    const target = readlinkSync(here);
    if (target.startsWith('/')) done.length = 0;
    rest.unshift(...target.split('/').filter((piece) => piece !== ''));
  }
  return join(tree.root, ...done);
}

/**
 * Trees are found by their loader through a list of folders, in which these characters part one from the next.
 *
 * @throws MigbenchError `host-unfit` where the cache's own path has one.
 */
export function requireListablePath(folder: string): void {
  const found = /[:;]/u.exec(folder)?.[0];
  if (found === undefined) return;
  throw new MigbenchError(
    'host-unfit',
    `The cache is in ${folder}, but programs cannot be run from a path with a "${found}" in it: the dynamic loader takes ` +
      'it for the end of a folder. Set XDG_CACHE_HOME to a path without one.',
  );
}

/**
 * A program of the tree, by its path there: `/usr/bin/qemu-system-x86_64`.
 *
 * A dynamic program is started by the tree's loader, a static one as it is, a script by the tree's interpreter where
 * the tree has it and else by the host's.
 *
 * @throws MigbenchError `internal` where the tree does not have it, or it is not a program; `host-unfit` where the
 *   cache's path does not allow it.
 */
export function treeProgram(tree: Tree, path: string): Program {
  requireListablePath(tree.root);
  const file = resolveInTree(tree, path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new MigbenchError(
      'internal',
      `Expected the program ${path} in the tree ${tree.root}, found none`,
    );
  }
  const kind = executableKind(file);
  switch (kind.kind) {
    case 'static':
      return hostProgram(file);
    case 'dynamic': {
      const loader = resolveInTree(tree, hostArchitecture().loader);
      // Programs with many names (kmod) look at the one they were started by; a link's name must be passed on.
      const name = basename(file) === basename(path) ? [] : ['--argv0', path];
      return hostProgram(loader, [
        '--inhibit-cache',
        ...name,
        '--library-path',
        tree.libraryFolders.join(':'),
        file,
      ]);
    }
    case 'script':
      return scriptProgram(tree, kind.interpreter, file);
    case 'other':
      throw new MigbenchError(
        'internal',
        `${path} in the tree ${tree.root} is neither an ELF program nor a script`,
      );
  }
}

function scriptProgram(tree: Tree, interpreter: readonly string[], file: string): Program {
  const [first = '/bin/sh', argument] = interpreter;
  // `#!/usr/bin/env NAME` is a search on the PATH: take the tree's own NAME.
  const path =
    basename(first) === 'env' && argument !== undefined ? resolve('/usr/bin', argument) : first;
  const extra = path === first && argument !== undefined ? [argument] : [];
  const shell = existsSync(resolveInTree(tree, path))
    ? treeProgram(tree, path)
    : hostProgram(dirname(path) === '/usr/bin' ? basename(path) : path);
  return { ...shell, args: [...shell.args, ...extra, file] };
}
