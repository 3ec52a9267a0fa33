/** The gate on a real run: exit code 0 where it is passed, 99 where it is not, with what was found. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixturePlan, migbench, temporaryFolder } from './cli.ts';
import { expectGoodEnd } from './good-end.ts';
import { needsGuests } from './runs.ts';

needsGuests();

test('a threshold that holds: 0; one that does not: 99, in the run and afterwards', async () => {
  const folder = await temporaryFolder();
  const cell = ['run', fixturePlan('tiny'), '--only', 'idle/precopy/**'];
  const good = join(folder, 'good');
  const passed = await migbench([
    ...[...cell, '--out', good],
    ...['--threshold', 'total_time_ms < 10min', '--threshold', 'outcome == completed'],
  ]);
  await expectGoodEnd(passed, good);
  expect(passed.stdout).toContain('The gate is passed (3 checks).');

  const again = await migbench(['report', good, '--gate', '--format', 'junit']);
  await expectGoodEnd(again, good);
  const stricter = ['report', good, '--threshold', 'transferred_bytes < 1kB', '--format', 'junit'];
  const breached = await migbench(stricter);
  expect(breached, breached.stderr).toMatchObject({ exitCode: 99 });
  const junit = await readFile(join(good, 'report', 'junit.xml'), 'utf8');
  expect(junit).toMatch(
    /<failure type="threshold" message="transferred_bytes &lt; 1kB: median \d+ bytes over 1 trials"/u,
  );

  const bad = join(folder, 'bad');
  const failed = await migbench([...cell, '--out', bad, '--threshold', 'total_time_ms.max < 1us']);
  expect(failed, failed.stderr).toMatchObject({ exitCode: 99, leftovers: [] });
  expect(failed.stdout).toMatch(/Gate: total_time_ms\.max < 1us does not hold/u);
});
