/** What is remembered of a build; what it answers is made up. */
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cacheLayout } from '../../../../harness/debian/cache.ts';
import { resolveBuild } from '../../../../harness/qemu/builds/resolve-build.ts';

const qemu = vi.hoisted(() => ({ version: '', asked: 0 }));

vi.mock('../../../../harness/sandbox/process.ts', async (original) => ({
  ...(await original<object>()),
  run: (_: unknown, args: readonly string[]) => {
    qemu.asked += 1;
    const stdout = args[0] === '--version' ? `QEMU emulator version ${qemu.version}\n` : 'pc\n';
    return Promise.resolve({ stdout, stderr: '' });
  },
}));

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'migbench-probe-'));
  onTestFinished(() => rm(cache, { recursive: true }));
  qemu.version = '10.0.1';
  qemu.asked = 0;
});

async function executable(content: string): Promise<string> {
  const path = join(cache, 'qemu');
  await writeFile(path, content);
  await chmod(path, 0o755);
  return `path:${path}`;
}

describe('what a build says of itself', () => {
  it('is asked once where it is a program', async () => {
    const reference = await executable('no script');
    const first = await resolveBuild(reference, { cache });
    expect(first.note).toBeUndefined();
    expect(await resolveBuild(reference, { cache })).toEqual(first);
    expect(qemu.asked).toBe(2);
  });

  it('is asked again where it is a script, and another QEMU behind it is another build', async () => {
    const reference = await executable('#!/bin/sh\nexec qemu-system-x86_64 "$@"\n');
    const first = await resolveBuild(reference, { cache });
    expect(await resolveBuild(reference, { cache })).toEqual(first);
    qemu.version = '10.0.2';
    const second = await resolveBuild(reference, { cache });
    expect(second.version).toBe('10.0.2');
    expect(second.sha256).not.toBe(first.sha256);
    expect(second.note).toContain(`${reference} is a script`);
    expect(await readdir(cacheLayout(cache).facts).catch(() => [])).toEqual([]);
  });
});
