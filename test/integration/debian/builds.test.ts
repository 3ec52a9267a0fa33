/** QEMU builds: Debian's from packages, files that are one, and files that are not. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  addBuild,
  listBuilds,
  pruneCache,
  removeBuild,
  resolveBuild,
} from '../../../harness/qemu/builds/index.ts';
import { run } from '../../../harness/sandbox/process.ts';
import { temporaryCache, whyNoPackages } from './fixture.ts';

const reason = await whyNoPackages();
if (reason !== undefined) console.warn(`Skipped, as packages cannot be fetched here: ${reason}`);

async function script(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

describe.skipIf(reason !== undefined)('debian:trixie', () => {
  it('is fetched, starts with the devices of a guest, is listed, wrapped, and removed', async () => {
    const cache = await temporaryCache();
    const build = await resolveBuild('debian:trixie', { cache });
    expect(build.version).toMatch(/^10\.0\.\d+$/);
    expect(build.package).toMatch(/^Debian 1:10\.0/);
    expect(build.sha256).toMatch(/^[0-9a-f]{64}$/);
    for (const machine of ['pc', 'q35']) {
      const devices = [
        '-netdev',
        'user,id=n',
        '-device',
        'virtio-net-pci,netdev=n',
        '-device',
        'virtio-rng-pci',
      ];
      const started = await run(
        build.program,
        [
          ...build.firmwareArgs,
          '-machine',
          machine,
          '-accel',
          'tcg',
          '-nodefaults',
          '-no-user-config',
          '-display',
          'none',
          '-qmp',
          'stdio',
          ...devices,
        ],
        { timeoutMs: 20_000, input: '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n' },
      );
      expect(started.stdout).toContain('"SHUTDOWN"');
      expect(started.stderr).toBe('');
    }
    // Nothing is fetched, waited for, or asked again: each of these would be interrupted.
    const signal = AbortSignal.abort();
    expect(await resolveBuild('debian:trixie', { cache, signal })).toEqual(build);

    const listed = (await listBuilds({ cache })).find(
      ({ reference }) => reference === 'debian:trixie',
    );
    expect(listed).toMatchObject({
      version: build.version,
      package: build.package,
      binary: build.binary,
    });
    expect(listed?.sizeBytes).toBeGreaterThan(50e6);

    const line = [build.program.file, ...build.program.args].map((word) => `'${word}'`).join(' ');
    const wrapper = await script(cache, 'wrapper', `exec ${line} "$@"`);
    expect(await resolveBuild(`path:${wrapper}`, { cache })).toMatchObject({
      reference: `path:${wrapper}`,
      version: build.version,
      firmwareArgs: [],
    });

    expect((await addBuild('debian:trixie', { cache })).tree?.key).toBe(build.tree?.key);
    const { removed } = await pruneCache({ cache });
    expect(removed.map(({ kind }) => kind)).toEqual(['lists']);
    expect((await removeBuild('debian:trixie', { cache })).freedBytes).toBeGreaterThan(50e6);
    expect((await removeBuild('debian:trixie', { cache })).freedBytes).toBe(0);
    expect(
      (await listBuilds({ cache })).some(({ reference }) => reference === 'debian:trixie'),
    ).toBe(false);
  });
});

describe('path:', () => {
  it('says what was found instead of a QEMU', async () => {
    const cache = await temporaryCache();
    const folder = join(cache, 'files');
    await mkdir(folder);
    await writeFile(join(folder, 'data'), 'data');
    const files: readonly (readonly [string, RegExp])[] = [
      [join(folder, 'absent'), /expected an executable file .*absent, found nothing/],
      [folder, /found a folder \(name the qemu-system-x86_64 in it\)/],
      [
        await script(folder, 'image', 'echo qemu-img version 10.0.0'),
        /found "qemu-img version 10\.0\.0"/,
      ],
      [
        await script(folder, 'broken', 'echo no library >&2; exit 127'),
        /does not|is not a QEMU that runs here[^]*no library/,
      ],
      [
        await script(folder, 'silent', 'exit 0'),
        /expected "QEMU emulator version …" from --version, found ""/,
      ],
      [
        await script(
          folder,
          'arm',
          'case $1 in --version) echo QEMU emulator version 9.0.0;; *) echo virt;; esac',
        ),
        /has neither the pc nor the q35 machine/,
      ],
    ];
    for (const [path, message] of files) {
      await expect(resolveBuild(`path:${path}`, { cache })).rejects.toThrow(message);
    }
    if (process.getuid?.() !== 0) {
      await expect(resolveBuild(`path:${join(folder, 'data')}`, { cache })).rejects.toThrow(
        /may not execute/,
      );
    }
  });

  it('gives up on a program that hangs', async () => {
    const cache = await temporaryCache();
    const hanging = await script(cache, 'hanging', 'exec sleep 60');
    await expect(resolveBuild(`path:${hanging}`, { cache })).rejects.toThrow(/did not end within/);
  });
});
