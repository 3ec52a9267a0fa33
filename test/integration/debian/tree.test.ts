/** Trees of real packages from this machine's mirror: interrupted, doubled, damaged and removed. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cacheLayout, WorkDirectory } from '../../../harness/debian/cache.ts';
import { STALE_MS, withLock } from '../../../harness/debian/lock.ts';
import type { ProvisionProgress } from '../../../harness/debian/progress.ts';
import { resolveTree } from '../../../harness/debian/resolve-tree.ts';
import { treeProgram } from '../../../harness/debian/tree.ts';
import { run } from '../../../harness/sandbox/process.ts';
import { startMirror, temporaryCache, whyNoPackages } from './fixture.ts';

const reason = await whyNoPackages();
if (reason !== undefined) console.warn(`Skipped, as packages cannot be fetched here: ${reason}`);

/** Nine packages, 4 MB. */
const request = { name: 'xz', suite: 'bookworm', packages: ['xz-utils'] };
const mainRelease = /\/dists\/bookworm\/(?:In)?Release$/;

/** One for the file: package lists are fetched once. */
const cache = await temporaryCache(afterAll);
const layout = cacheLayout(cache);

describe.skipIf(reason !== undefined)('a tree', () => {
  it('survives an interruption, two makers at once and damage', async () => {
    const controller = new AbortController();
    const interrupted = resolveTree(request, {
      cache,
      signal: controller.signal,
      onProgress: ({ phase, doneBytes }) => {
        if (phase === 'download' && doneBytes > 1e6) controller.abort();
      },
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });
    expect(readdirSync(layout.work)).toEqual([]);
    expect(existsSync(layout.trees)).toBe(false);
    const kept = readdirSync(layout.debs);
    expect(kept.length).toBeGreaterThan(0);
    // What was kept is looked at again before it is used.
    await truncate(join(layout.debs, kept[0] ?? ''), 1000);

    const phases = new Set<ProvisionProgress['phase']>();
    const options = { cache, onProgress: ({ phase }: ProvisionProgress) => void phases.add(phase) };
    const [first, second] = await Promise.all([
      resolveTree(request, options),
      resolveTree(request, options),
    ]);
    expect(second).toEqual(first);
    expect([...phases].sort()).toEqual(['download', 'unpack', 'waiting']);
    expect(readdirSync(layout.trees)).toEqual([first.key]);
    expect(readdirSync(layout.debs)).toEqual([]);
    expect(readdirSync(layout.work)).toEqual([]);

    const xz = treeProgram(first, '/usr/bin/xz');
    expect((await run(xz, ['--version'], { timeoutMs: 5_000 })).stdout).toMatch(
      /^xz \(XZ Utils\) 5\.4/,
    );

    // Nothing is fetched or waited for: it would be interrupted, and there is nobody to answer.
    const nothing = { signal: AbortSignal.abort(), mirror: 'http://127.0.0.1:9/debian' };
    expect(await resolveTree(request, { cache, ...nothing })).toEqual(first);

    await truncate(join(first.root, 'usr/bin/xz'), 100);
    expect(await resolveTree(request, { cache })).toEqual(first);
    expect((await run(xz, ['--version'], { timeoutMs: 5_000 })).stdout).toMatch(/^xz/);
    await rm(first.root, { recursive: true });
    expect((await resolveTree(request, { cache })).key).toBe(first.key);
  });

  it('needs no optional pocket and no steady connection, but signatures and whole packages', async () => {
    const cut = new Set<string>();
    let tamper: RegExp | undefined;
    const mirror = await startMirror((path) => {
      if (tamper?.test(path) === true) return 'corrupt';
      if (/bookworm-(?:updates|security)/.test(path)) return 'missing';
      if (!path.endsWith('.deb') || cut.has(path)) return undefined;
      cut.add(path);
      return 'cut';
    });
    const options = { cache: await temporaryCache(), mirror: mirror.url };
    const tree = await resolveTree(request, options);
    expect(tree.packages.map(({ name }) => name)).toContain('xz-utils');

    await rm(tree.root, { recursive: true });
    tamper = /\/xz-utils_/;
    await expect(resolveTree(request, options)).rejects.toMatchObject({ code: 'host-unfit' });
    expect(existsSync(tree.root)).toBe(false);

    tamper = mainRelease;
    await expect(
      resolveTree(request, { ...options, cache: await temporaryCache() }),
    ).rejects.toMatchObject({ code: 'host-unfit' });
  });

  it('takes over what a killed maker has left', async () => {
    // A lock that no one renews, and a work folder of a process that is gone.
    const work = new WorkDirectory(layout, 'xz');
    const owner = JSON.parse(await readFile(join(work.path, 'owner.json'), 'utf8')) as object;
    await writeFile(join(work.path, 'owner.json'), JSON.stringify({ ...owner, startTicks: '1' }));
    await work.folder('apt/archives');
    await mkdir(join(layout.locks, 'xz.lock'), { recursive: true });
    const start = performance.now();
    await withLock(layout, 'xz', {}, async () => undefined);
    // It would wait for a living one for half an hour.
    expect(performance.now() - start).toBeLessThan(STALE_MS + 30_000);
    await rm(layout.trees, { recursive: true });
    await resolveTree(request, { cache });
    expect(readdirSync(layout.work)).toEqual([]);
  });
});
