/** What decides an image's key, which packages and files are in it, and the kernel command line. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guestCommandLine, userModeNetwork } from '../../../../harness/guest/image/command-line.ts';
import { dependenciesOf, orderedModules } from '../../../../harness/guest/image/kernel-modules.ts';
import { imageKey, rootRequest } from '../../../../harness/guest/image/recipe.ts';
import {
  addSkeleton,
  isWanted,
  openFolders,
  stageTree,
} from '../../../../harness/guest/image/root-files.ts';
import { builtInWorkloads } from '../../../../workloads/registry.ts';
import { workload as idle } from '../../../../workloads/idle/workload.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migbench-recipe-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('imageKey', () => {
  it('changes with packages and sources, and with nothing else', async () => {
    const mine = {
      definition: {
        ...idle,
        id: 'mine',
        guest: { programs: [{ sources: ['a.c'], target: '/a' }] },
      },
      folder,
    };
    await writeFile(join(folder, 'a.c'), 'int main(void) { return 0; }\n');
    const first = await imageKey(['t'], [mine, ...builtInWorkloads]);
    expect(await imageKey(['t'], [...builtInWorkloads, mine])).toBe(first);
    expect(await imageKey(['u'], [...builtInWorkloads, mine])).not.toBe(first);
    await writeFile(join(folder, 'unrelated.txt'), 'x');
    expect(await imageKey(['t'], [mine, ...builtInWorkloads])).toBe(first);
    await writeFile(join(folder, 'a.h'), '#define A 1\n');
    const second = await imageKey(['t'], [mine, ...builtInWorkloads]);
    expect(second).not.toBe(first);
  });
});

describe('rootRequest', () => {
  it('asks for the base and what the workloads name, and never leaves that out', () => {
    const perl = { definition: { ...idle, guest: { packages: ['perl'] } }, folder };
    const request = rootRequest([perl, ...builtInWorkloads]);
    expect(request.packages).toEqual([
      ...['base-files', 'coreutils', 'dash', 'e2fsprogs', 'libc-bin', 'perl', 'postgresql-15'],
    ]);
    expect(request.leaveOut).not.toContain('perl');
    expect(request.leaveOut).toContain('libllvm14');
  });
});

describe('isWanted', () => {
  it('drops documentation and keeps programs', () => {
    expect(isWanted('usr/share/doc')).toBe(false);
    expect(isWanted('usr/lib/postgresql/15/lib/llvmjit.so')).toBe(false);
    expect(isWanted('usr/share/postgresql/15/extension')).toBe(true);
    expect(isWanted('usr/bin/dash')).toBe(true);
  });
});

describe('the root', () => {
  it('is open to the guest’s users whatever the umask of its maker', async () => {
    const tree = join(folder, 'tree');
    await mkdir(join(tree, 'usr/bin'), { recursive: true });
    await writeFile(join(tree, 'usr/bin/tool'), '', { mode: 0o755 });
    const stage = join(folder, 'stage');
    const before = process.umask(0o077);
    try {
      await stageTree(tree, stage);
      await addSkeleton(stage);
      await mkdir(join(stage, 'opt/own'), { recursive: true });
      await openFolders(stage);
    } finally {
      process.umask(before);
    }
    const modes = new Map<number, string[]>();
    for (const name of ['.', ...(await readdir(stage, { recursive: true }))]) {
      const mode = (await stat(join(stage, name))).mode & 0o7777;
      modes.set(mode, [...(modes.get(mode) ?? []), name]);
    }
    expect(new Set(modes.keys())).toEqual(new Set([0o644, 0o755]));
    expect(modes.get(0o644)?.sort()).toEqual([
      ...['etc/group', 'etc/hostname', 'etc/hosts', 'etc/passwd'],
    ]);
    expect(modes.get(0o755)).toEqual(expect.arrayContaining(['.', 'usr/bin/tool', 'opt/own']));
  });
});

describe('orderedModules', () => {
  const module = (depends: string): string => `ELF\0license=GPL\0depends=${depends}\0name=x\0`;

  it('reads dependencies', () => {
    expect(dependenciesOf(Buffer.from(module('virtio-ring,virtio')))).toEqual([
      'virtio_ring',
      'virtio',
    ]);
    expect(dependenciesOf(Buffer.from(module('')))).toEqual([]);
  });

  it('puts each after its dependencies, once, and takes absent ones as built in', async () => {
    await writeFile(join(folder, 'a.ko'), module('c-c,b'));
    await writeFile(join(folder, 'b.ko'), module('c-c,builtin'));
    await writeFile(join(folder, 'c-c.ko'), module(''));
    const modules = await orderedModules(folder, ['a', 'b', 'virtio']);
    expect(modules.map(({ name }) => name)).toEqual(['c_c', 'b', 'a']);
  });

  it('does not take a folder without modules for a kernel that has all built in', async () => {
    await expect(orderedModules(folder)).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('guestCommandLine', () => {
  it('tells the guest its place', () => {
    expect(guestCommandLine(userModeNetwork(7701))).toBe(
      'quiet console=ttyS0 panic=-1 no_timer_check ipv6.disable=1 migbench.address=10.0.2.15/24 migbench.gateway=10.0.2.2 migbench.collector=10.0.2.2:7701',
    );
  });
});
