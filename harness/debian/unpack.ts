/** From .deb files to a folder that looks like a root file system with a merged usr. */
import {
  lstat,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import { hostProgram, run } from '../sandbox/process.ts';
import type { PackageFile } from './apt-output.ts';
import { packageTool } from './host.ts';
import { throwIfAborted } from './lock.ts';
import type { ProvisionOptions } from './progress.ts';

const UNPACK_LIMIT_MS = 5 * 60_000;
/** Unpacking is bound by decompression: more than this only makes the disk seek. */
const PARALLEL = 2;

/** Whether a file is whole: its size and its SHA-256. */
export async function isIntact(
  path: string,
  expected: Pick<PackageFile, 'sizeBytes' | 'sha256'>,
): Promise<boolean> {
  const content = await readFile(path).catch(() => undefined);
  if (content === undefined || content.length !== expected.sizeBytes) return false;
  return createHash('sha256').update(content).digest('hex') === expected.sha256;
}

async function mergeInto(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    const existing = await lstat(target).catch(() => undefined);
    if (entry.isDirectory() && existing?.isDirectory() === true) await mergeInto(source, target);
    // A link in one place to a file of the same name in the other would end up pointing at itself.
    else if (entry.isSymbolicLink() && existing !== undefined) await unlink(source);
    else await rename(source, target);
  }
  await rmdir(from);
}

/** Give a tree the merged-usr links (bin → usr/bin and so on), moving what older packages put beside usr. */
export async function mergeUsr(root: string): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    const place = join(root, name);
    const found = await lstat(place).catch(() => undefined);
    if (found?.isSymbolicLink() === true) continue;
    if (found?.isDirectory() === true) await mergeInto(place, join(root, 'usr', name));
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(join('usr', name), place);
  }
}

/**
 * Unpack packages into the new folder `root`, after checking each file once more.
 *
 * @throws MigbenchError `host-unfit` where a package is damaged, or cannot be unpacked (disk full, say).
 */
export async function unpackPackages(
  packages: readonly PackageFile[],
  archives: string,
  root: string,
  options: Pick<ProvisionOptions, 'signal' | 'onProgress'>,
): Promise<void> {
  await mkdir(root, { recursive: true });
  const totalBytes = packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  const unpack = packageTool('dpkg-deb');
  const waiting = [...packages].sort((left, right) => right.sizeBytes - left.sizeBytes);
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      throwIfAborted(options.signal);
      const file = join(archives, next.file);
      if (!(await isIntact(file, next))) {
        throw new MigbenchError(
          'host-unfit',
          `${next.file} did not arrive whole: expected ${next.sizeBytes} bytes with SHA-256 ${next.sha256}. Try again; if it happens again, use another mirror (--mirror URL).`,
        );
      }
      await run(unpack, ['-x', file, root], {
        timeoutMs: UNPACK_LIMIT_MS,
        errorCode: 'host-unfit',
        purpose: `unpack ${next.file} (is the disk full?)`,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      doneBytes += next.sizeBytes;
      options.onProgress?.({ phase: 'unpack', doneBytes, totalBytes, detail: next.name });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  await mergeUsr(root);
}

/** Have everything written to the file system of `folder` reach the disk; best effort. */
export async function flush(folder: string): Promise<void> {
  await run(hostProgram('sync'), ['--file-system', folder], {
    timeoutMs: 5 * 60_000,
    purpose: 'flush the cache to disk',
  });
}

/** Remove a tree, including folders that its packages made read-only. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 2 });
}
