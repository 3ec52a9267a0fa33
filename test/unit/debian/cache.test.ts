/** The cache's folders, its locks, and what may be removed from it. No process is started. */
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  cacheError,
  cacheLayout,
  isAbandoned,
  replaceFile,
  safeName,
  WorkDirectory,
} from '../../../harness/debian/cache.ts';
import { withLock } from '../../../harness/debian/lock.ts';
import { listCache, pruneCache } from '../../../harness/debian/prune.ts';
import {
  cachedTree,
  readReference,
  referencePath,
  writeReference,
} from '../../../harness/debian/refs.ts';

async function temporaryCache(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'migbench-cache-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function makeTree(root: string, key: string): Promise<void> {
  const folder = join(root, 'trees', key);
  await mkdir(join(folder, 'usr/bin'), { recursive: true });
  await writeFile(join(folder, 'usr/bin/tool'), 'tool');
  const manifest = {
    layout: 1,
    key,
    suite: 'trixie',
    createdAt: '2026-01-01T00:00:00Z',
    packages: [{ name: 'tool', version: '1', sha256: 'x' }],
    libraryFolders: ['usr/lib'],
    files: { 'usr/bin/tool': 4 },
    sizeBytes: 4,
  };
  await writeFile(join(folder, 'tree.json'), JSON.stringify(manifest));
}

const request = { name: 'tools', suite: 'trixie', packages: ['tool'] };

describe('references', () => {
  it('answer the same request without regard to order, and no other', async () => {
    const layout = cacheLayout(await temporaryCache());
    const two = { ...request, packages: ['a', 'b'] };
    expect(referencePath(layout, two)).toBe(
      referencePath(layout, { ...two, packages: ['b', 'a'] }),
    );
    expect(referencePath(layout, two)).not.toBe(
      referencePath(layout, { ...two, suite: 'bookworm' }),
    );
    expect(referencePath(layout, two)).not.toBe(referencePath(layout, { ...two, leaveOut: ['c'] }));
  });

  it('are not trusted where the tree is gone or damaged', async () => {
    const layout = cacheLayout(await temporaryCache());
    await makeTree(layout.root, 'k1');
    await writeReference(layout, request, 'k1');
    expect(cachedTree(layout, request)).toMatchObject({
      key: 'k1',
      packages: [{ name: 'tool', version: '1' }],
      libraryFolders: [join(layout.trees, 'k1/usr/lib')],
    });
    await writeFile(join(layout.trees, 'k1/usr/bin/tool'), 'longer');
    expect(cachedTree(layout, request)).toBeUndefined();
    await rm(join(layout.trees, 'k1'), { recursive: true });
    expect(cachedTree(layout, request)).toBeUndefined();
    await writeFile(referencePath(layout, request), '{');
    expect(readReference(referencePath(layout, request))).toBeUndefined();
  });
});

describe('work folders', () => {
  it('are gone at the end of their scope, and left alone while their maker lives', async () => {
    const layout = cacheLayout(await temporaryCache());
    {
      await using work = new WorkDirectory(layout, 'test');
      expect(isAbandoned(work.path)).toBe(false);
      const owner = { pid: process.pid, startTicks: '1', pidNamespace: 'elsewhere' };
      await writeFile(join(work.path, 'owner.json'), JSON.stringify(owner));
      expect(isAbandoned(work.path)).toBe(false);
    }
    expect(await readdir(layout.work)).toEqual([]);
  });

  it('are abandoned where the process number was given to another since', async () => {
    const layout = cacheLayout(await temporaryCache());
    await using work = new WorkDirectory(layout, 'test');
    const path = join(work.path, 'owner.json');
    const owner = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...owner, startTicks: '1' }));
    expect(isAbandoned(work.path)).toBe(true);
  });

  it.each([
    // The namespace of the first processes has one number everywhere.
    ['of another host', { hostName: 'elsewhere', bootId: 'b', startTicks: '1' }, false, true],
    ['from before this host booted', { bootId: 'an-earlier-boot' }, true, true],
    [
      'of an older migbench, gone',
      { hostName: undefined, bootId: undefined, pid: 0x7fffffff },
      true,
      true,
    ],
    ['of an older migbench, alive', { hostName: undefined, bootId: undefined }, false, false],
  ])('%s: abandoned %j now %s, after 7 hours %s', async (_, changed, atOnce, later) => {
    const layout = cacheLayout(await temporaryCache());
    await using work = new WorkDirectory(layout, 'test');
    const path = join(work.path, 'owner.json');
    const owner = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...owner, ...changed }));
    expect(isAbandoned(work.path)).toBe(atOnce);
    const longAgo = new Date(Date.now() - 7 * 3_600_000);
    await utimes(work.path, longAgo, longAgo);
    expect(isAbandoned(work.path)).toBe(later);
  });
});

describe('locks', () => {
  it('let one in at a time, say who is waited for, and are given back after a failure', async () => {
    const layout = cacheLayout(await temporaryCache());
    const order: string[] = [];
    const waits: string[] = [];
    const happened = new EventEmitter();
    const entered = once(happened, 'entered');
    const secondTried = once(happened, 'second tried');
    const first = withLock(layout, 'x', {}, async () => {
      order.push('in 1');
      happened.emit('entered');
      await secondTried;
      order.push('out 1');
      throw new Error('failed');
    });
    await entered;
    const onProgress = ({ detail }: { detail: string }) => {
      waits.push(detail);
      happened.emit('second tried');
    };
    const second = withLock(layout, 'x', { onProgress }, async () => {
      order.push('in 2');
      happened.emit('second tried');
      return 2;
    });
    await expect(first).rejects.toThrow('failed');
    expect(await second).toBe(2);
    expect(order).toEqual(['in 1', 'out 1', 'in 2']);
    expect(waits[0]).toMatch(new RegExp(`^x: waiting for process ${process.pid} on `));
  });

  it('stop waiting when interrupted', async () => {
    const layout = cacheLayout(await temporaryCache());
    const controller = new AbortController();
    await withLock(layout, 'x', {}, async () => {
      const waiting = withLock(layout, 'x', { signal: controller.signal }, async () => 1);
      setTimeout(() => controller.abort(), 50);
      await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    });
  });
});

describe('prune', () => {
  it('keeps what is referred to, removes the rest, and says how much that freed', async () => {
    const root = await temporaryCache();
    const layout = cacheLayout(root);
    await makeTree(root, 'used');
    await makeTree(root, 'unused');
    await makeTree(root, 'replaced');
    await writeReference(layout, request, 'used');
    const old = { ...request, packages: ['older'] };
    await writeReference(layout, old, 'replaced');
    const longAgo = new Date(Date.now() - 8 * 24 * 3_600_000);
    await utimes(referencePath(layout, old), longAgo, longAgo);
    await mkdir(join(root, 'accelerators'));
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    await writeFile(join(root, `accelerators/0123-${boot}.json`), '{}');
    await writeFile(join(root, 'accelerators/0123-an-earlier-boot.json'), '{}');
    await mkdir(join(root, 'debs'));
    await writeFile(join(root, 'debs/abc.deb'), Buffer.alloc(1000));
    await mkdir(join(root, 'work/left'), { recursive: true });
    await writeFile(
      join(root, 'work/left/owner.json'),
      JSON.stringify({ pid: 0x7fffffff, startTicks: '1', pidNamespace: 'x' }),
    );
    await utimes(join(root, 'work/left'), longAgo, longAgo);
    await using live = new WorkDirectory(layout, 'live');
    const dry = await pruneCache({ cache: root, dryRun: true });
    expect(existsSync(join(root, 'trees/unused'))).toBe(true);
    const { removed, freedBytes } = await pruneCache({ cache: root });
    expect(removed).toEqual(dry.removed);
    expect(
      removed.map(({ kind, path }) => `${kind} ${path.slice(root.length + 1)}`).sort(),
    ).toEqual([
      'download debs/abc.deb',
      'fact accelerators/0123-an-earlier-boot.json',
      `reference ${referencePath(layout, old).slice(root.length + 1)}`,
      'tree trees/replaced',
      'tree trees/unused',
      'unfinished work/left',
    ]);
    expect(freedBytes).toBeGreaterThan(1000);
    expect(await readdir(layout.trees)).toEqual(['used']);
    expect(existsSync(live.path)).toBe(true);
    expect((await listCache({ cache: root })).find(({ kind }) => kind === 'tree')).toMatchObject({
      usedFor: ['tools'],
      needed: true,
    });
  });

  it('removes images and programs that were not used for a month', async () => {
    const cache = await temporaryCache();
    const longAgo = new Date(Date.now() - 31 * 24 * 3_600_000);
    for (const name of ['images/old', 'images/used', 'programs']) {
      await mkdir(join(cache, name), { recursive: true });
    }
    const files = ['images/old/image.json', 'images/used/image.json', 'programs/old'];
    for (const name of files) await writeFile(join(cache, name), '');
    await writeFile(join(cache, 'programs/used'), '');
    const old = ['images/old/image.json', 'images/old', 'images/used', 'programs/old'];
    for (const name of old) await utimes(join(cache, name), longAgo, longAgo);
    const { removed } = await pruneCache({ cache });
    expect(removed.map(({ path }) => path.slice(cache.length + 1)).sort()).toEqual([
      'images/old',
      'programs/old',
    ]);
    expect(await readdir(join(cache, 'programs'))).toEqual(['used']);
  });

  it('has nothing to do in a cache that is not there', async () => {
    expect(await pruneCache({ cache: '/nonexistent/cache' })).toEqual({
      freedBytes: 0,
      removed: [],
    });
  });
});

describe('files', () => {
  it('are replaced as a whole, without leftovers', async () => {
    const root = await temporaryCache();
    await replaceFile(join(root, 'a/file'), 'one');
    await replaceFile(join(root, 'a/file'), 'two');
    expect(await readdir(join(root, 'a'))).toEqual(['file']);
    expect((await stat(join(root, 'a/file'))).size).toBe(3);
  });

  it('have safe names', () => {
    expect(safeName('debian-trixie=1:10.0/../x')).toBe('debian-trixie=1_10.0_.._x');
    expect(safeName('../x')).toBe('__x');
  });

  it('that cannot be written say what to do', () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    expect(cacheError(full, cacheLayout('/c'))).toMatchObject({
      code: 'host-unfit',
      message: expect.stringMatching(
        /^Cannot write the cache \/c: the disk is full; .*cache prune/,
      ) as string,
    });
    const other = new Error('other');
    expect(cacheError(other, cacheLayout('/c'))).toBe(other);
  });
});
