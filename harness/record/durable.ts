/** Writing that survives a crash: a file is either the old one or the new one, whole, and on the disk. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDiskFull, MigbenchError, messageOf, systemErrorCode } from '../errors.ts';

/** Make the names in a folder durable: after creating, renaming or removing a file in it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems cannot sync a folder; the data itself is synced by the caller.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** Write all bytes, whatever number of them a single call takes. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written);
    written += bytesWritten;
  }
}

/**
 * Replace a file atomically: temporary file in the same folder, fsync, rename, fsync of the folder.
 *
 * @throws MigbenchError `record`, or `host-unfit` where the disk is full; the old file, if any, is then untouched.
 */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`,
  );
  try {
    const handle = await open(temporary, 'wx', 0o644);
    try {
      await writeFully(handle, Buffer.from(text, 'utf8'));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storageError(error, `write ${path}`);
  }
}

/** What a failed file operation means to the user, and what to do about it. */
export function storageError(error: unknown, purpose: string): MigbenchError {
  if (error instanceof MigbenchError) return error;
  const code = isDiskFull(error) ? 'host-unfit' : 'record';
  return new MigbenchError(code, `Could not ${purpose}: ${explain(error)}`, { cause: error });
}

function explain(error: unknown): string {
  switch (systemErrorCode(error)) {
    case 'ENOSPC':
      return 'no space is left on the disk. What was recorded before is safe: free some space and continue with --resume.';
    case 'EDQUOT':
      return 'the disk quota is used up. What was recorded before is safe: free some space and continue with --resume.';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied. Choose a folder that you may write to with --out.';
    case 'EROFS':
      return 'the file system is read-only. Choose another folder with --out.';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a file of that name is in the way. Choose another folder with --out.';
    case 'ENOENT':
      return 'it does not exist.';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open. Raise the limit (ulimit -n).';
    default:
      return messageOf(error);
  }
}
