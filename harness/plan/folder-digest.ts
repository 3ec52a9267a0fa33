/** The content of a folder as one hash, wherever the folder is: what tells a workload from an edited one. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';

/** Left out: hidden files (version control, editors) and installed packages. */
const isLeftOut = (name: string): boolean => name.startsWith('.') || name === 'node_modules';

/**
 * SHA-256 (hex) of the names and contents of all files below a folder. Times, owners and modes do not count; a
 * symbolic link to a folder is not followed.
 *
 * @param without a folder, perhaps inside, that does not count: a run directory.
 */
export async function folderDigest(folder: string, without?: string): Promise<string> {
  const inside = without === undefined ? undefined : relative(resolve(folder), resolve(without));
  const counts = (name: string): boolean =>
    !name.split(sep).some(isLeftOut) && (inside === undefined || !name.startsWith(inside + sep));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter(counts)
    .sort();
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await fileDigest(join(folder, file));
    if (content !== undefined) hash.update(`${file}\0${content}\n`);
  }
  return hash.digest('hex');
}

/** `undefined` for a link to a folder. */
async function fileDigest(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EISDIR') return undefined;
    throw error;
  }
  return hash.digest('hex');
}
