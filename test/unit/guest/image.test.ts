/** Guest images in the cache. */
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readImage } from '../../../harness/guest/image.ts';
import { IMAGE_LAYOUT } from '../../../harness/guest/image/recipe.ts';

const FILES = ['vmlinuz', 'initrd', 'root.squashfs'] as const;

it('is used where it is whole, and has the time of its last use', async () => {
  const place = await mkdtemp(join(tmpdir(), 'migbench-image-'));
  onTestFinished(() => rm(place, { recursive: true }));
  for (const name of FILES) await writeFile(join(place, name), name);
  const manifest = {
    layout: IMAGE_LAYOUT,
    key: 'k',
    suite: 'bookworm',
    kernelVersion: '6.1',
    createdAt: '2026-01-01T00:00:00Z',
    packages: [],
    workloads: [],
    sizesBytes: { kernel: 7, initrd: 6, root: 13 },
  };
  const path = join(place, 'image.json');
  const longAgo = new Date(Date.now() - 31 * 24 * 3_600_000);
  const ageMs = async () => Date.now() - (await stat(path)).mtimeMs;
  await writeFile(path, JSON.stringify(manifest));
  await utimes(path, longAgo, longAgo);
  expect(await readImage(place, 'another')).toBeUndefined();
  expect(await ageMs()).toBeGreaterThan(30 * 24 * 3_600_000);
  expect(await readImage(place, 'k')).toMatchObject({ key: 'k', initrd: join(place, 'initrd') });
  expect(await ageMs()).toBeLessThan(60_000);
  await writeFile(join(place, 'initrd'), 'torn');
  expect(await readImage(place, 'k')).toBeUndefined();
});
