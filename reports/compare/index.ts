/** The files of a comparison, made from it alone: the same bytes every time. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Comparison } from '../../harness/compare/types.ts';
import { storageError } from '../../harness/record/durable.ts';
import { comparisonJunit } from './gate.ts';
import { comparisonPage } from './html.ts';
import { markdownComparison } from './markdown.ts';

export { markdownComparison } from './markdown.ts';
export { terminalComparison, type ComparisonTextOptions } from './terminal.ts';

/**
 * Write compare.json, compare.md and index.html (with a gate, junit.xml too) into a folder, which is made where it is not there.
 *
 * @returns the paths of the files, beginning with the folder as it was given.
 * @throws MigbenchError where they cannot be written.
 */
export async function writeComparison(comparison: Comparison, folder: string): Promise<string[]> {
  const files = [
    ['compare.json', `${JSON.stringify(comparison, null, 2)}\n`],
    ['compare.md', markdownComparison(comparison)],
    ['index.html', await comparisonPage(comparison)],
    ...(comparison.gate === undefined
      ? []
      : [['junit.xml', comparisonJunit(comparison, comparison.gate)] as const]),
  ] as const;
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of files) await writeFile(join(folder, name), text);
  } catch (error) {
    throw storageError(error, `write the comparison to ${folder}`);
  }
  return files.map(([name]) => join(folder, name));
}
