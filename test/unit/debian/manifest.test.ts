/** Keys of trees, and noticing that files of one are gone. */
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  damagedFiles,
  readManifest,
  surveyTree,
  treeKey,
} from '../../../harness/debian/manifest.ts';
import {
  requireListablePath,
  resolveInTree,
  treeProgram,
  type Tree,
} from '../../../harness/debian/tree.ts';
import { mergeUsr } from '../../../harness/debian/unpack.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'migbench-tree-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

const packages = [
  { name: 'a', version: '1', sha256: 'aa' },
  { name: 'b', version: '2', sha256: 'bb' },
  { name: 'c', version: '3', sha256: 'cc' },
];

describe('treeKey', () => {
  it('does not depend on the order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(packages, { minLength: 3 }), (shuffled) => {
        expect(treeKey(shuffled)).toBe(treeKey(packages));
      }),
    );
  });

  it('changes with any name, version or content', () => {
    const keys = [
      treeKey(packages),
      treeKey(packages.slice(1)),
      treeKey(packages.map((entry) => ({ ...entry, version: '1' }))),
      treeKey(packages.map((entry) => ({ ...entry, sha256: 'aa' }))),
    ];
    expect(new Set(keys).size).toBe(4);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('a survey', () => {
  it('notes programs, libraries, large files and folders of libraries, and notices what is missing', async () => {
    const root = await temporaryFolder();
    const lib = join(root, 'usr/lib/x86_64-linux-gnu');
    await mkdir(join(lib, 'pulseaudio'), { recursive: true });
    await mkdir(join(lib, 'gconv'));
    await mkdir(join(root, 'usr/bin'));
    await writeFile(join(lib, 'libz.so.1.2'), 'z');
    await symlink('libz.so.1.2', join(lib, 'libz.so.1'));
    await writeFile(join(lib, 'pulseaudio/libpulsecommon-14.so'), 'p');
    await writeFile(join(lib, 'gconv/libJIS.so'), 'j');
    await writeFile(join(root, 'usr/bin/tool'), 'tool');
    await chmod(join(root, 'usr/bin/tool'), 0o755);
    await writeFile(join(root, 'usr/large'), Buffer.alloc(40_000));
    await writeFile(join(root, 'usr/small'), 'small');
    const survey = await surveyTree(root, 'x86_64-linux-gnu');
    expect(survey.files).toEqual({
      'usr/bin/tool': 4,
      'usr/large': 40_000,
      'usr/lib/x86_64-linux-gnu/libz.so.1.2': 1,
      'usr/lib/x86_64-linux-gnu/pulseaudio/libpulsecommon-14.so': 1,
      'usr/lib/x86_64-linux-gnu/gconv/libJIS.so': 1,
    });
    expect(survey.libraryFolders).toEqual([
      'usr/lib/x86_64-linux-gnu',
      'usr/lib',
      'usr/lib/x86_64-linux-gnu/pulseaudio',
      'usr/lib64',
    ]);
    const manifest = {
      layout: 1 as const,
      key: 'k',
      suite: 's',
      createdAt: '',
      packages: [],
      ...survey,
    };
    expect(damagedFiles(root, manifest)).toEqual([]);
    await rm(join(lib, 'libz.so.1.2'));
    await writeFile(join(root, 'usr/large'), 'cut');
    expect(damagedFiles(root, manifest).sort()).toEqual([
      'usr/large',
      'usr/lib/x86_64-linux-gnu/libz.so.1.2',
    ]);
    await writeFile(join(root, 'tree.json'), '{"layout":1,"key":');
    expect(readManifest(root)).toBeUndefined();
  });
});

describe('a merged usr', () => {
  it('moves what older packages put beside usr', async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'lib/x86_64-linux-gnu'), { recursive: true });
    await mkdir(join(root, 'usr/lib/x86_64-linux-gnu'), { recursive: true });
    await mkdir(join(root, 'bin'));
    await writeFile(join(root, 'bin/sh'), '#!');
    await writeFile(join(root, 'lib/x86_64-linux-gnu/libc.so.6'), 'c');
    await writeFile(join(root, 'usr/lib/x86_64-linux-gnu/libz.so.1'), 'z');
    await mergeUsr(root);
    await mergeUsr(root);
    const tree = { root };
    expect(resolveInTree(tree, '/bin/sh')).toBe(join(root, 'usr/bin/sh'));
    expect(resolveInTree(tree, '/lib/x86_64-linux-gnu/libc.so.6')).toBe(
      join(root, 'usr/lib/x86_64-linux-gnu/libc.so.6'),
    );
    expect(Object.keys((await surveyTree(root, 'x86_64-linux-gnu')).files).sort()).toEqual([
      'usr/lib/x86_64-linux-gnu/libc.so.6',
      'usr/lib/x86_64-linux-gnu/libz.so.1',
    ]);
  });
});

describe('programs of a tree', () => {
  it('follow links inside of the tree, absolute ones included, and never out of it', async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'usr/bin'), { recursive: true });
    await mkdir(join(root, 'etc/alternatives'), { recursive: true });
    await writeFile(join(root, 'usr/bin/real'), '');
    await symlink('/etc/alternatives/tool', join(root, 'usr/bin/tool'));
    await symlink('/usr/bin/real', join(root, 'etc/alternatives/tool'));
    await symlink('../../../../../../etc/passwd', join(root, 'usr/bin/out'));
    await symlink('loop', join(root, 'usr/bin/loop'));
    expect(resolveInTree({ root }, '/usr/bin/tool')).toBe(join(root, 'usr/bin/real'));
    expect(resolveInTree({ root }, '/usr/bin/out')).toBe(join(root, 'etc/passwd'));
    expect(() => resolveInTree({ root }, '/usr/bin/loop')).toThrow(/Too many symbolic links/);
  });

  it('cannot be run from a path that their loader would take apart', () => {
    for (const root of ['/home/a:b/trees/k', '/home/a;b/trees/k']) {
      const tree: Tree = { key: 'k', root, packages: [], libraryFolders: [join(root, 'lib')] };
      expect(() => treeProgram(tree, '/usr/bin/tool')).toThrow(
        expect.objectContaining({
          code: 'host-unfit',
          message: expect.stringMatching(/Set XDG_CACHE_HOME to a path without one\.$/u) as unknown,
        }),
      );
    }
    expect(() => requireListablePath('/home/a b,ü/trees/k')).not.toThrow();
  });

  it('that are scripts run by the interpreter of the tree, else of the host', async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'usr/bin'), { recursive: true });
    const tree: Tree = { key: 'k', root, packages: [], libraryFolders: [join(root, 'usr/lib')] };
    await writeFile(join(root, 'usr/bin/script'), '#! /usr/bin/perl -w\nprint 1;\n');
    expect(treeProgram(tree, '/usr/bin/script')).toEqual({
      file: 'perl',
      args: ['-w', join(root, 'usr/bin/script')],
    });
    expect(() => treeProgram(tree, '/usr/bin/absent')).toThrow(
      /Expected the program \/usr\/bin\/absent/,
    );
    await writeFile(join(root, 'usr/bin/data'), 'data');
    expect(() => treeProgram(tree, '/usr/bin/data')).toThrow(/neither an ELF program nor a script/);
  });
});
