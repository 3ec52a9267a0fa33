/** Small C programs of migbench's own that run on the host, beside QEMU: compiled once and kept by their source. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheLayout, markUsed } from './cache.ts';
import { compilerTree, compileStatic } from './compiler.ts';
import type { ProvisionOptions } from './progress.ts';

/**
 * The program made of one C file.
 *
 * @returns its path in the cache, which holds the same program for as long as source and compiler are the same.
 * @throws MigbenchError as `compileStatic` does.
 */
export async function hostCProgram(
  source: string,
  options: ProvisionOptions = {},
): Promise<string> {
  const { key } = await compilerTree(options);
  const hash = createHash('sha256')
    .update(key)
    .update(await readFile(source));
  const name = `${basename(source, '.c')}-${hash.digest('hex').slice(0, 16)}`;
  const output = join(cacheLayout(options.cache).root, 'programs', name);
  if (existsSync(output)) markUsed(output);
  else await compileStatic({ sources: [source], output }, options);
  return output;
}
