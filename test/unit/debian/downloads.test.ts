/** Packages that an interrupted attempt has left in the cache. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cacheLayout, type CacheLayout } from '../../../harness/debian/cache.ts';
import { bringDownloads, keepDownloads } from '../../../harness/debian/downloads.ts';

let layout: CacheLayout;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'migbench-downloads-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  layout = cacheLayout(folder);
});

const packageOf = (name: string) => ({
  name,
  version: '1',
  sizeBytes: name.length,
  sha256: createHash('sha256').update(name).digest('hex'),
  file: `${name}_1_all.deb`,
});

/** A work folder of a process that is gone, with one package in it that has arrived. */
async function abandoned(folder: string, name: string): Promise<void> {
  const archives = join(layout.work, folder, 'apt/archives');
  await mkdir(archives, { recursive: true });
  const owner = { pid: 0x7fffffff, startTicks: '1', bootId: 'an-earlier-boot' };
  await writeFile(join(layout.work, folder, 'owner.json'), JSON.stringify(owner));
  await writeFile(join(archives, packageOf(name).file), name);
}

describe('bringDownloads', () => {
  it('takes what a killed maker of the same tree has left, and leaves other trees theirs', async () => {
    await abandoned('qemu-debian-trixie-7-0123abcd', 'one');
    await abandoned('qemu-debian-trixie-backports-7-0123abcd', 'two');
    await abandoned('compiler-7-0123abcd', 'three');
    const archives = join(layout.root, 'archives');
    await mkdir(archives);
    const packages = ['one', 'two', 'three'].map(packageOf);
    await bringDownloads(layout, { name: 'qemu-debian-trixie' }, packages, archives);
    expect(await readdir(archives)).toEqual(['one_1_all.deb']);
    expect((await readdir(layout.work)).sort()).toEqual([
      'compiler-7-0123abcd',
      'qemu-debian-trixie-backports-7-0123abcd',
    ]);
  });

  it('knows the folders of a pinned tree by their safe name', async () => {
    await abandoned('qemu-debian-trixie=1_10.0_dfsg-7-0123abcd', 'one');
    const archives = join(layout.root, 'archives');
    await mkdir(archives);
    const request = { name: 'qemu-debian-trixie=1:10.0~dfsg' };
    await bringDownloads(layout, request, [packageOf('one')], archives);
    expect(await readdir(archives)).toEqual(['one_1_all.deb']);
  });
});

describe('keepDownloads', () => {
  it('is no failure where another process takes the same package away meanwhile', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `package-${index}`);
    const archives = join(layout.root, 'archives');
    await mkdir(archives);
    for (const name of names) await writeFile(join(archives, packageOf(name).file), name);
    const keep = () => keepDownloads(layout, names.map(packageOf), archives);
    await Promise.all([keep(), keep(), keep(), keep()]);
    expect(await readdir(layout.debs)).toHaveLength(20);
    expect(await readdir(archives)).toEqual([]);
  });
});
