/**
 * Golden record → the same bytes: what the hand-written run gives as CSV, Markdown and SVG is kept in
 * test/fixtures/reports/every-outcome. After a change that is meant: UPDATE_GOLDEN=1 npx vitest run --project unit
 * test/unit/reports/golden.test.ts, and look at the difference.
 */
import { cp, readFile, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../harness/paths.ts';
import { writeReport } from '../../../reports/index.ts';
import { copyOfEveryOutcome } from './fixture.ts';

const golden = join(packageRoot, 'test/fixtures/reports/every-outcome');

test('CSV, Markdown and SVG are byte-identical to those kept', { timeout: 30_000 }, async () => {
  const directory = await copyOfEveryOutcome();
  const { files } = await writeReport(directory, { formats: ['csv', 'md', 'svg'] });
  const folder = join(directory, 'report');
  if (process.env['UPDATE_GOLDEN'] === '1') {
    await rm(golden, { recursive: true, force: true });
    await cp(folder, golden, { recursive: true });
  }
  const kept = (await readdir(golden, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(golden, join(entry.parentPath, entry.name)));
  expect(kept.toSorted()).toEqual(files.map((file) => relative(folder, file)).toSorted());
  for (const name of kept) {
    const [now, then] = await Promise.all([
      readFile(join(folder, name)),
      readFile(join(golden, name)),
    ]);
    expect(now.equals(then), `${name} differs`).toBe(true);
  }
});
